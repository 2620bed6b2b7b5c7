#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "copies/remove.hpp"
#include "host/state.hpp"
#include "model/target.hpp"
#include "retention/prune.hpp"
#include "support/directory.hpp"
#include "support/printers.hpp"

namespace backups::tests {

/// A state directory, and hooks of the type "fake" whose sources are directories of files, one file
/// an artifact. The hooks write down how they are called and can be made to fail.
class Lab {
 public:
  /// With the source "one", of the artifacts "a" and "b".
  Lab();
  /// The same with its state directory at `root`.
  explicit Lab(fs::path root);

  const fs::path& path() const { return directory_.path(); }
  const fs::path& root() const { return root_; }
  fs::path hooks() const { return path() / "hooks"; }

  /// The state as a new process finds it.
  State open() const;

  static Source source(const std::string& name = "one") { return {"fake", name, name}; }
  /// The directory of its backups.
  fs::path backups_of(const Source& source) const { return root_ / source.type / source.name; }

  /// What the service holds.
  void set_live(const std::string& name, const std::map<std::string, std::string>& artifacts);
  std::map<std::string, std::string> live(const std::string& name = "one") const;
  /// Copies beside the live data that were not swapped in or thrown away.
  std::vector<std::string> places() const;

  /// The answer of `describe` for sources that exist, JSON.
  void describe_as(const std::string& json);
  std::string description() const;

  /// Bash that a hook runs first: at "export", or at "export.b" for one artifact; at "export.end"
  /// after its work.
  void at(const std::string& point, const std::string& bash);
  void forget_knobs();

  /// "describe one", "export one a", … since the last forget_calls(); the name of a place as WHERE.
  std::vector<std::string> calls() const;
  void forget_calls();

  /// Its type.json; `kinds` is the inside of a JSON array.
  void set_type(const std::string& type, const std::string& address, const std::string& kinds,
                const std::string& promise = "beside");
  /// Gives it a type.json, too, where it has none: a service of kinds that begin with its name.
  void add_hook(const std::string& type, const std::string& action, const std::string& bash);

 private:
  TemporaryDirectory directory_;
  fs::path root_;
};

/// Takes the lock and makes a backup, as the verb does.
Manifest create(State& state, const Source& source = Lab::source(), const Progress& progress = {});

/// Puts a backup back as the verb does, without a safety backup.
void restore(State& state, const std::string& id, const Source& into = Lab::source(),
             bool in_place = false);

/// Cleans up as a tick does, before its backups and after them.
void recover(State& state);

/// Alerts and metrics follow its events from now on, as in the helper.
void subscribe(State& state);

/// Made of its parts.
Remover remover(State& state);
Manifest verify(State& state, const Backup& backup, const std::string& target = kLocalTarget);
std::vector<RetentionVerdict> evaluate(State& state, const Source& source = Lab::source());

/// Its row in the catalog.
Backup row_of(State& state, const std::string& id);

/// What must be true after the next command, whatever happened before: nothing in progress, no
/// leftovers, and every success whole. Runs recover().
void expect_sound(const Lab& lab);

}  // namespace backups::tests
