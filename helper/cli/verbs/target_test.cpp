#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/credentials.hpp"
#include "host/targets.hpp"
#include "store/store.hpp"

namespace backups {
namespace {

const char* outcome_text(Prober::Check::Outcome outcome) {
  switch (outcome) {
    case Prober::Check::Outcome::kWorks:
      return "works";
    case Prober::Check::Outcome::kFails:
      return "fails";
    case Prober::Check::Outcome::kLacks:
      return "limited";
    case Prober::Check::Outcome::kSkipped:
      break;
  }
  return "skipped";
}

int target_test(Call& call) {
  const std::string& name = call.word(0);
  require_targets(call.state.settings.read(), {name});
  call.resolver.authorise_everything();
  log::step("Testing everything that backups need on target " + name);
  Store& store = call.state.targets.open(name);
  Prober* prober = store.prober();
  if (prober == nullptr)
    throw Error(ErrorKind::kRefused, "targets of the type of " + name + " cannot be tested");
  const std::string origin = store.credentials_origin();
  auto array = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows = {{"CHECK", "OUTCOME", "WHAT TO DO"}};
  bool good = true;
  for (const auto& check : prober->probe()) {
    const std::string outcome = outcome_text(check.outcome);
    good = good && check.outcome != Prober::Check::Outcome::kFails;
    rows.push_back({check.name, outcome, check.message.empty() ? "-" : check.message});
    array.push_back({{"check", check.name}, {"outcome", outcome}, {"message", check.message}});
  }
  if (call.json) {
    print_json({{"target", name}, {"credentials", origin}, {"checks", array}});
  } else {
    print(format_table(rows));
    if (!origin.empty()) log::detail("Credentials: " + origin);
  }
  warn_of_environment(name, origin);
  if (!good)
    throw Error(ErrorKind::kUnreachable,
                "target " + name + " failed a check that backups need to pass: see the list above");
  return 0;
}

}  // namespace

Verb target_test_verb() {
  return {"target-test", "<target>", "test everything that backups need from a target",
          {1, 1},        {},         target_test};
}

}  // namespace backups
