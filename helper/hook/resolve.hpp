#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/catalog_file.hpp"
#include "host/environment.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"

namespace backups {

/// Resolves arguments to sources and backups. Each source is authorised before it is returned
/// (Error, kUnauthorised); no other code turns an argument into a source.
class Resolver {
 public:
  /// What is passed in must outlive this.
  Resolver(const Hooks& hooks, const Paths& paths, SettingsFile& settings, CatalogFile& catalog)
      : hooks_(hooks), paths_(paths), settings_(settings), catalog_(catalog) {}

  /// A word that must be a source: "postgres:my-db", "sqlite:/srv/app.db", or a bare name that only
  /// one source has. Throws Error: kNotFound, or kBadInput where it is not clear which is meant.
  Source source(const std::string& word);

  /// Like source(), but the source must exist or have a backup.
  Source known_source(const std::string& word);

  /// Throws Error, kRefused, for a path that nobody has typed on this host, as `word` does or an
  /// earlier command: what is known from a bucket alone is neither read nor written.
  void require_own_path(const Source& source, const std::string& word = {});
  /// Remembers that the path was typed here, for later commands that do not type it.
  void remember_path(const Source& source);

  /// Throws Error, kUnauthorised, unless the caller may use it.
  void authorise(const Source& source);

  /// A word that must be a backup: "<id>", "<type>:<id>", "<source>@latest".
  Backup backup(const std::string& word);

  /// A word that must be the name of an app that the caller may use. Throws Error.
  std::string app(const std::string& word);

  /// Those of `sources` that the caller may see.
  std::vector<Source> allowed(const std::vector<Source>& sources);

  /// Throws Error, kUnauthorised, unless the caller may use every source.
  void authorise_everything();

  /// What there is to back up, allowed ones only: every source that the hooks list, that has a
  /// schedule, or that was backed up here and is still there. One that is gone is said.
  std::vector<Source> everything();

 private:
  Backup latest(const Source& source);
  Source unauthorised_source(const std::string& word);
  Source path_source(const std::string& type, const std::string& path);
  std::vector<Source> live(const std::optional<std::string>& name);
  bool is_there(const Source& source);

  const Hooks& hooks_;
  const Paths& paths_;
  SettingsFile& settings_;
  CatalogFile& catalog_;
};

}  // namespace backups
