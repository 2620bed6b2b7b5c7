#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "hook/resolve.hpp"
#include "host/state.hpp"

namespace backups {

/// One call of a verb.
struct Call {
  State& state;
  const Options& options;
  Resolver resolver;
  bool json = false;  ///< --format json

  const std::string& word(std::size_t index) const { return options.words()[index]; }
};

/// A row of the table of verbs, which is the only list of them. Help, completion and `dokku help`
/// are generated from it.
struct Verb {
  const char* name;
  const char* usage;    ///< its arguments; no comma, since Dokku's help is split at it
  const char* summary;  ///< one line; no comma
  WordCount words;
  std::vector<OptionSpec> options;
  std::function<int(Call&)> run;  ///< returns the exit code; throws Error
  /// Called by this program only: not in the help, and without a subcommand.
  bool internal = false;
  /// Releases a part of the ballast on a full disk: the verb removes backups, changes what is
  /// removed or made automatically, or must work in any case.
  bool lends_ballast = false;
  /// Only reads: works with the built-in defaults while settings.json cannot be understood.
  bool is_read_only = false;
};

const std::vector<Verb>& verbs();

/// `version` and `help`, which need no state directory. Their rows have no `run`.
const std::vector<Verb>& stateless_verbs();

/// Returns nullptr for an unknown verb.
const Verb* find_verb(const std::string& name);

// Each is defined in a file of its own.
Verb accept_verb();
Verb adopt_verb();
Verb cancel_verb();
Verb create_verb();
Verb deliver_verb();
Verb delete_verb();
Verb download_verb();
Verb host_verb();
Verb info_verb();
Verb pin_verb();
Verb list_verb();
Verb logs_verb();
Verb notify_test_verb();
Verb pause_verb();
Verb prune_verb();
Verb push_verb();
Verb report_verb();
Verb restore_verb();
Verb resume_verb();
Verb schedule_verb();
Verb schedules_verb();
Verb set_verb();
Verb sync_verb();
Verb target_add_verb();
Verb target_list_verb();
Verb target_remove_verb();
Verb target_set_verb();
Verb target_test_verb();
Verb tick_verb();
Verb trigger_verb();
Verb unpin_verb();
Verb unschedule_verb();
Verb url_verb();
Verb verify_verb();

}  // namespace backups
