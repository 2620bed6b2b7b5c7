#include "host/target.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "host/target_type.hpp"

namespace backups {

std::vector<std::string> default_targets(const State& state, const Source& source) {
  return parse_target_list(state.settings().get(source.text(), "targets"));
}

void require_targets(const State& state, const std::vector<std::string>& names) {
  const Settings settings = state.settings();
  for (const auto& name : names) {
    if (name != kLocalTarget && !settings.targets.contains(name))
      throw Error(ErrorKind::kNotFound, "unknown target '" + printable(name) + "': see " +
                                            command("target-list") + ", or add it with " +
                                            command("target-add"));
  }
}

std::vector<UnclearSetting> unclear_settings(const Settings& settings) {
  std::vector<UnclearSetting> unclear = settings.unclear();
  for (const auto& [name, options] : settings.targets) {
    try {
      check_target_options(options);
    } catch (const Error& error) {
      unclear.push_back({"", "", "target " + name + " can't be used: " + error.what()});
    }
  }
  return unclear;
}

std::unique_ptr<Store> open_target(const State& state, const std::string& target,
                                   const std::string& host, bool is_short) {
  require_targets(state, {target});
  const TargetOptions options = state.settings().targets.at(target);
  check_target_options(options);
  return type_of(options).open({state.root(), target, options, host, is_short});
}

}  // namespace backups
