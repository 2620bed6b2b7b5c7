#include "cli/verb.hpp"

namespace backups {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs = {
      create_verb(),        list_verb(),        info_verb(),        logs_verb(),
      restore_verb(),       verify_verb(),      download_verb(),    adopt_verb(),
      delete_verb(),        pin_verb(),         unpin_verb(),       cancel_verb(),
      schedule_verb(),      schedules_verb(),   unschedule_verb(),  pause_verb(),
      resume_verb(),        prune_verb(),       accept_verb(),      set_verb(),
      report_verb(),        target_add_verb(),  target_list_verb(), target_set_verb(),
      target_remove_verb(), target_test_verb(), push_verb(),        sync_verb(),
      url_verb(),           notify_test_verb(), tick_verb(),        trigger_verb(),
      host_verb(),          deliver_verb(),
  };
  return kVerbs;
}

const std::vector<Verb>& stateless_verbs() {
  static const std::vector<Verb> kVerbs = {
      {"version", "", "print the version of the plugin", {}, {}, {}},
      {"help", "[<command>]", "print the commands or the help of one", {0, 1}, {}, {}}};
  return kVerbs;
}

const Verb* find_verb(const std::string& name) {
  for (const auto& verb : verbs())
    if (name == verb.name) return &verb;
  return nullptr;
}

}  // namespace backups
