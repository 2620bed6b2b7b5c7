#include "schedule/tick.hpp"

#include "base/log.hpp"
#include "cli/verb.hpp"
#include "host/ballast.hpp"

namespace backups {

Verb tick_verb() {
  Verb verb{"tick",
            "[--lane TARGET]",
            "run the schedules that are due; cron calls this every minute",
            {},
            {{"lane", "TARGET", "only make the copies to this target"}},
            [](Call& call) {
              // Its output goes to a log file.
              log::set_stamp([] { return rfc3339(now()); });
              if (const auto lane = call.options.value("lane")) {
                tick_lane(call.state, *lane);
                return 0;
              }
              lend_ballast(call.state.paths.root, true);
              tick(call.state);
              restore_ballast(call.state.paths.root);
              return 0;
            }};
  verb.internal = true;
  return verb;
}

}  // namespace backups
