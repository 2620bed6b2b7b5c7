#include "engine/tick.hpp"

#include "cli/verb.hpp"

namespace backups {

Verb tick_verb() {
  Verb verb{"tick", "", "what cron runs every minute: back up what is due", {}, {}, [](Call& call) {
              tick(call.state);
              return 0;
            }};
  verb.internal = true;
  return verb;
}

}  // namespace backups
