#include "notify/deliver.hpp"

#include "cli/verb.hpp"

namespace backups {

Verb deliver_verb() {
  return {"deliver",
          "",
          "send the alerts that are queued",
          {0, 0},
          {},
          [](Call& call) {
            const State& state = call.state;
            deliver(state.hooks.environment, state.paths, state.settings, call.state.catalog);
            return 0;
          },
          true};
}

}  // namespace backups
