#include "host/targets.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "host/target_type.hpp"
#include "model/target.hpp"
#include "store/local.hpp"

namespace backups {

Targets::Targets(Paths paths, const SettingsFile& settings, Identity& identity)
    : paths_(std::move(paths)),
      settings_(settings),
      identity_(identity),
      local_(make_local_store(paths_.root)) {}

Store& Targets::open(const std::string& target, const std::string& host) {
  if (target == kLocalTarget) return *local_;
  const std::string of = host.empty() ? identity_.read().name : host;
  // One whose options were changed since is another place.
  std::string options;
  const auto targets = settings_.read().targets;
  if (const auto found = targets.find(target); found != targets.end())
    for (const auto& [name, value] : found->second) options += "\n" + name + "=" + value;
  auto& store = remote_[target + "/" + of + options];
  if (!store) store = open_new(target, of);
  return *store;
}

std::unique_ptr<Store> Targets::open_new(const std::string& target, const std::string& host) const {
  const Settings settings = settings_.read();
  require_targets(settings, {target});
  const TargetOptions& options = settings.targets.at(target);
  check_target_options(options);
  return type_of(options).open({paths_.root, target, options, host, short_timeouts_});
}

std::vector<std::string> default_targets(const Settings& settings, const Source& source) {
  return parse_target_list(settings.get(source.text(), "targets"));
}

void require_targets(const Settings& settings, const std::vector<std::string>& names) {
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

}  // namespace backups
