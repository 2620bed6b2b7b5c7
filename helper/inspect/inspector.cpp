#include "inspect/inspector.hpp"

#include <array>

#include "inspect/formats.hpp"

namespace backups {

std::unique_ptr<Inspector> make_inspector(std::string_view name) {
  struct Row {
    std::string_view name;
    std::unique_ptr<Inspector> (*make)();
  };
  constexpr std::array<Row, 6> kInspectors = {{
      {"pg_dump-custom", make_pg_archive_inspector},
      {"globals", make_sql_text_inspector},
      {"sql-dump", make_sql_text_inspector},
      {"rdb", make_rdb_inspector},
      {"tar", make_tar_inspector},
      {"sqlite", make_sqlite_file_inspector},
  }};
  for (const auto& row : kInspectors)
    if (row.name == name) return row.make();
  return nullptr;
}

}  // namespace backups
