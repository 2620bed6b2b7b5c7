#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "host/catalog_file.hpp"
#include "host/environment.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"

namespace backups {

/// Resolves arguments to sources and backups. Each source is authorised before it is returned
/// (Error, kUnauthorised); no other code turns an argument into a source.
class Resolver {
 public:
  /// All arguments must outlive it.
  Resolver(const Hooks& hooks, const Paths& paths, SettingsFile& settings, CatalogFile& catalog)
      : hooks_(hooks), paths_(paths), settings_(settings), catalog_(catalog) {}

  /// Resolves a source: "postgres:my-db", "sqlite:/srv/app.db", or a name that only one source has.
  /// Throws Error: kNotFound, or kBadInput if it is ambiguous.
  Source source(const std::string& word);

  /// Like source(), but the source must exist or have a backup.
  Source known_source(const std::string& word);

  /// Throws Error, kRefused, for a path that was never typed on this host, neither as `word` nor in
  /// an earlier command: a path that is known only from a bucket is neither read nor written.
  void require_own_path(const Source& source, const std::string& word = {});
  /// Remembers that the path was typed here, for later commands that do not type it.
  void remember_path(const Source& source);

  /// Throws Error, kUnauthorised, unless the caller may use it.
  void authorise(const Source& source);

  /// Resolves a backup: "<id>", "<type>:<id>" or "<source>@latest". Throws Error.
  Backup backup(const std::string& word);

  /// Checks the name of an app that the caller may use. Throws Error.
  std::string app(const std::string& word);

  /// Those of `sources` that the caller may see.
  std::vector<Source> allowed(const std::vector<Source>& sources);

  /// Throws Error, kUnauthorised, unless the caller may use every source.
  void authorise_everything();

  /// All sources to back up that the caller may use: those that hooks list, that have a schedule,
  /// or that have a local backup and still exist. One that no longer exists is reported.
  std::vector<Source> everything();

 private:
  Backup latest(const Source& source);
  /// Names the nearest source that the caller may use, or how sources are named.
  Error not_found(const std::string& word);
  bool is_known_source(const std::string& word);
  Source unauthorised_source(const std::string& word);
  Source path_source(const std::string& type, const std::string& path);
  std::vector<Source> live(const std::optional<std::string>& name);
  bool is_there(const Source& source, bool& answers);

  const Hooks& hooks_;
  const Paths& paths_;
  SettingsFile& settings_;
  CatalogFile& catalog_;
};

}  // namespace backups
