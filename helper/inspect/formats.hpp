#pragma once

#include <memory>

#include "inspect/inspector.hpp"

namespace backups {

/// One inspector for each format. inspector.hpp describes what each reads.
std::unique_ptr<Inspector> make_pg_archive_inspector();
std::unique_ptr<Inspector> make_sql_text_inspector();
std::unique_ptr<Inspector> make_rdb_inspector();
std::unique_ptr<Inspector> make_tar_inspector();
std::unique_ptr<Inspector> make_sqlite_file_inspector();

}  // namespace backups
