#pragma once

#include <filesystem>
#include <string>

#include "model/source.hpp"

namespace backups {

/// What lies where in the state directory of a host (helper/FORMAT.md). A plain value.
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

/// Makes the state directory and those of its own in it, where they are missing.
void make_state_directory(const Paths& paths);

/// True for the name of a directory there that is no type of source.
bool is_own_directory(const std::string& name);

/// "<type>/<name>/<file>", the key of a file of a backup.
std::string key_of(const Source& source, const std::string& file);

}  // namespace backups
