#include "engine/tick.hpp"

#include "base/log.hpp"
#include "cli/verb.hpp"
#include "engine/ballast.hpp"

namespace backups {

Verb tick_verb() {
  Verb verb{"tick", "", "what cron runs every minute: back up what is due", {}, {}, [](Call& call) {
              // Into a log file.
              log::set_stamp([] { return rfc3339(now()); });
              lend_ballast(call.state.root(), true);
              tick(call.state);
              restore_ballast(call.state.root());
              return 0;
            }};
  verb.internal = true;
  return verb;
}

}  // namespace backups
