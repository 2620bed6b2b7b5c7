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

/// A state directory, and hooks of the type "fake". Their sources are directories, in which each
/// file is an artifact. The hooks record their calls, and a test can make them fail.
class Lab {
 public:
  /// Has the source "one" with the artifacts "a" and "b".
  Lab();
  /// Likewise, with its state directory at `root`.
  explicit Lab(fs::path root);

  const fs::path& path() const { return directory_.path(); }
  const fs::path& root() const { return root_; }
  fs::path hooks() const { return path() / "hooks"; }

  /// Opens the state as a new process would.
  State open() const;

  static Source source(const std::string& name = "one") { return {"fake", name, name}; }
  /// The directory of its backups.
  fs::path backups_of(const Source& source) const { return root_ / source.type / source.name; }

  /// Replaces the live data of a source.
  void set_live(const std::string& name, const std::map<std::string, std::string>& artifacts);
  std::map<std::string, std::string> live(const std::string& name = "one") const;
  /// The staging areas that were neither swapped in nor removed.
  std::vector<std::string> places() const;

  /// The JSON that `describe` prints for existing sources.
  void describe_as(const std::string& json);
  std::string description() const;

  /// Makes hooks run `bash`: before their work at "export", or at "export.b" for one artifact;
  /// after it at "export.end".
  void at(const std::string& point, const std::string& bash);
  void forget_knobs();

  /// The calls of hooks since the last forget_calls(): "describe one", "export one a", … with WHERE
  /// for the name of a staging area.
  std::vector<std::string> calls() const;
  void forget_calls();

  /// Writes the type.json of a type; `kinds` are the elements of a JSON array.
  void set_type(const std::string& type, const std::string& address, const std::string& kinds,
                const std::string& promise = "beside");
  /// Adds a hook to a type. A type without a type.json gets one: for services, with kinds that
  /// begin with its name.
  void add_hook(const std::string& type, const std::string& action, const std::string& bash);

 private:
  TemporaryDirectory directory_;
  fs::path root_;
};

/// Acquires the lock and takes a backup, as the verb `create` does.
Manifest create(State& state, const Source& source = Lab::source(), const Progress& progress = {});

/// Restores a backup as the verb `restore` does, without a safety backup.
void restore(State& state, const std::string& id, const Source& into = Lab::source(),
             bool in_place = false);

/// Cleans up as a tick does, before its backups and after them.
void recover(State& state);

/// Subscribes alerts and metrics to its events, as the helper does.
void subscribe(State& state);

// Call the functions of the helper with the parts of `state`.
Remover remover(State& state);
Manifest verify(State& state, const Backup& backup, const std::string& target = kLocalTarget);
std::vector<RetentionVerdict> evaluate(State& state, const Source& source = Lab::source());

/// The row of a backup in the catalog.
Backup row_of(State& state, const std::string& id);

/// Runs recover(), then expects what must hold after the next command, whatever happened before:
/// nothing is in progress, there are no leftovers, and every success verifies.
void expect_sound(const Lab& lab);

}  // namespace backups::tests
