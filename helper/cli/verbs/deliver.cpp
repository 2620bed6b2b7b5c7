#include "notify/deliver.hpp"

#include "cli/verb.hpp"

namespace backups {

Verb deliver_verb() {
  return {"deliver",
          "",
          "send the alerts that wait",
          {0, 0},
          {},
          [](Call& call) {
            deliver(call.state);
            return 0;
          },
          true};
}

}  // namespace backups
