#include "copies/sync.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/targets.hpp"

namespace backups {
namespace {

std::vector<std::string> targets_of(Call& call) {
  if (!call.options.words().empty()) return {call.word(0)};
  std::vector<std::string> names;
  for (const auto& [name, options] : call.state.settings.read().targets) names.push_back(name);
  if (names.empty())
    throw Error(ErrorKind::kNotFound,
                "no target is configured: add one with " + command("target-add"));
  return names;
}

void say(const std::string& what, const std::vector<std::string>& items) {
  for (const auto& item : items) log::warn(what + item);
}

/// Called when no backup of this host was found: names other hosts whose backups are there, such as
/// this one's predecessor.
void print_other_hosts(Targets& targets, const HostIdentity& own, const std::string& target) {
  auto hosts = hosts_on(targets, target);
  std::erase_if(hosts, [&](const auto& host) { return own.owns(host) || own.is_doubtful(host); });
  if (!hosts.empty())
    log::detail("It holds backups of " + join(hosts, ", ") +
                "; to import them: " + command("sync") + " " + target + " --host NAME");
}

bool is_nothing(const Synced& synced) {
  return synced.found == 0 && synced.missing.empty() && synced.damaged.empty() &&
         synced.unreadable.empty() && synced.unknown.empty();
}

[[noreturn]] void refuse_host(Targets& places, const std::vector<std::string>& targets,
                              const std::string& host) {
  std::string there;
  for (const auto& target : targets)
    if (const auto hosts = hosts_on(places, target); !hosts.empty())
      there += "; " + target + " holds backups of " + join(hosts, ", ");
  throw Error(ErrorKind::kNotFound,
              "no backups of " + host + " found on " + join(targets, ", ") + there);
}

int sync(Call& call) {
  const auto targets = targets_of(call);
  const std::string host = call.options.value("host").value_or("");
  if (!host.empty() && !valid_name(host))
    throw Error(ErrorKind::kBadInput, "invalid host name '" + printable(host) + "'");
  require_targets(call.state.settings.read(), targets);
  call.resolver.authorise_everything();
  auto results = nlohmann::ordered_json::array();
  bool sound = true;
  bool readable = true;
  bool nothing = true;
  for (const auto& target : targets) {
    log::step("Reading the contents of " + target + (host.empty() ? "" : ", host " + host));
    const Synced synced = sync_target(call.state.identity, call.state.targets, call.state.catalog,
                                      call.state.events, target, host);
    say("missing: ", synced.missing);
    say("damaged: ", synced.damaged);
    say("unreadable: ", synced.unreadable);
    say("not part of any backup: ", synced.unknown);
    say("written by another machine under the name of this host: ", synced.foreign);
    log::result(target + " holds " + std::to_string(synced.found) + " complete backup(s), " +
                std::to_string(synced.adopted.size()) + " of them new to the catalog");
    if (synced.found == 0 && host.empty())
      print_other_hosts(call.state.targets, call.state.identity.read(), target);
    nothing = nothing && is_nothing(synced);
    sound = sound && synced.missing.empty() && synced.damaged.empty();
    readable = readable && synced.unreadable.empty();
    results.push_back({{"target", target},
                       {"found", synced.found},
                       {"adopted", synced.adopted},
                       {"missing", synced.missing},
                       {"damaged", synced.damaged},
                       {"unreadable", synced.unreadable},
                       {"unknown", synced.unknown},
                       {"foreign", synced.foreign}});
  }
  if (nothing && !host.empty()) refuse_host(call.state.targets, targets, host);
  if (call.json) print_json({{"targets", results}});
  if (!sound) return static_cast<int>(ErrorKind::kDamaged);
  return readable ? 0 : static_cast<int>(ErrorKind::kPartial);
}

}  // namespace

Verb sync_verb() {
  return {"sync",
          "[<target>] [--host NAME]",
          "update the catalog from the contents of a target",
          {0, 1},
          {{"host", "NAME", "import the backups of another host"}},
          sync};
}

}  // namespace backups
