#include <functional>
#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"

namespace backups {
namespace {

/// Applies `change` to the named schedule or, without an id and with `all`, to all schedules of the
/// source. With `removes`, also to one that is not understood. Throws Error, kNotFound, if there is
/// none.
int change_schedules(Call& call, const Source& source, bool all, bool removes, const char* done,
                     const std::function<void(Settings&, const std::string& id)>& change) {
  const std::string id = call.options.words().size() > 1 ? call.word(1) : "";
  std::vector<std::string> ids;
  call.state.settings.change([&](Settings& settings) {
    for (const auto& schedule : settings.schedules)
      if (schedule.source.text() == source.text() && (all || schedule.id == id))
        ids.push_back(schedule.id);
    if (ids.empty() && removes && settings.forget_unclear_schedule(source, id)) ids.push_back(id);
    if (ids.empty())
      throw Error(ErrorKind::kNotFound, source.spelling() + " has no schedule" +
                                            (all ? "" : " '" + printable(id) + "'") + ": see " +
                                            command("schedules"));
    for (const auto& one : ids) change(settings, one);
  });
  for (const auto& one : ids)
    log::result("Schedule " + one + " of " + source.spelling() + " " + done);
  if (call.json) print_json({{"source", source.text()}, {"schedules", ids}, {"status", done}});
  return 0;
}

int unschedule(Call& call) {
  const Source source = call.resolver.source(call.word(0));
  const bool all = call.options.flag("all");
  if (all == (call.options.words().size() > 1))
    throw Error(ErrorKind::kBadInput, all ? "specify either a schedule or --all, not both"
                                          : "specify a schedule or --all");
  return change_schedules(call, source, all, true, "is removed; its backups are kept",
                          [&](Settings& settings, const std::string& id) {
                            std::erase_if(settings.schedules, [&](const Schedule& schedule) {
                              return schedule.source.text() == source.text() && schedule.id == id;
                            });
                          });
}

int set_paused(Call& call, bool paused) {
  const Source source = call.resolver.source(call.word(0));
  return change_schedules(call, source, call.options.words().size() == 1, false,
                          paused ? "is paused" : "is resumed",
                          [&](Settings& settings, const std::string& id) {
                            for (auto& schedule : settings.schedules) {
                              if (schedule.source.text() != source.text() || schedule.id != id)
                                continue;
                              if (paused) {
                                schedule.paused = "by hand";
                              } else if (!schedule.paused.empty()) {
                                schedule.resume(now());
                              }
                            }
                          });
}

}  // namespace

Verb unschedule_verb() {
  return {"unschedule",
          "<source> <id>|--all",
          "remove a schedule and keep its backups",
          {1, 2},
          {{"all", nullptr, "all schedules of the source"}},
          unschedule,
          false,
          true};
}

namespace {

Verb pausing(const char* name, const char* summary, bool paused) {
  const auto work = [paused](Call& call) { return set_paused(call, paused); };
  return {name, "<source> [<id>]", summary, {1, 2}, {}, work, false, true};
}

}  // namespace

Verb pause_verb() { return pausing("pause", "pause a schedule", true); }

Verb resume_verb() { return pausing("resume", "resume a paused schedule", false); }

}  // namespace backups
