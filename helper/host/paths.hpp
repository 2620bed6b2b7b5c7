#pragma once

#include <filesystem>
#include <string>

#include "model/source.hpp"

namespace backups {

/// The paths in the state directory of a host (helper/FORMAT.md). A plain value.
struct Paths {
  std::filesystem::path root;

  std::filesystem::path settings() const { return root / "settings.json"; }
  std::filesystem::path catalog() const { return root / "catalog.db"; }
  std::filesystem::path runs() const { return root / "run"; }
  std::filesystem::path lock(const std::string& name) const { return root / "locks" / name; }
  std::filesystem::path log_file(const Source& source, const std::string& id) const {
    return root / "logs" / source.type / source.name / (id + ".log");
  }
};

/// Creates the state directory and its own subdirectories if they are missing.
void make_state_directory(const Paths& paths);

/// True for the name of a subdirectory that is not a type of source.
bool is_own_directory(const std::string& name);

/// The key of a file of a backup: "<type>/<name>/<file>".
std::string key_of(const Source& source, const std::string& file);

}  // namespace backups
