#pragma once

#include <filesystem>
#include <memory>

#include "store/store.hpp"

namespace backups {

/// Files below `root`, mode 0600 in directories of mode 0700.
std::unique_ptr<Store> make_local_store(std::filesystem::path root);

}  // namespace backups
