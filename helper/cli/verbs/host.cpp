#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/identity.hpp"

namespace backups {
namespace {

void show(Call& call, const HostIdentity& host) {
  if (call.json)
    return print_json({{"name", host.name},
                       {"names", host.names},
                       {"doubtful", host.doubtful},
                       {"bound", !host.machine.empty()}});
  ReportRows rows = {{"Name", host.name}};
  for (const auto& name : host.names)
    if (name != host.name) rows.emplace_back("Also its own", name);
  for (const auto& name : host.doubtful) rows.emplace_back("Undecided", name);
  rows.emplace_back(
      "Bound to the machine",
      host.machine.empty()
          ? "no, since /etc/machine-id is empty or a container's: a copy of this host is noticed "
            "only by what it writes off-site"
          : "yes");
  print(format_report("Host " + host.name, rows));
  if (call.state.settings().has_unclear_host())
    log::warn(
        "'host' of settings.json is not understood, and this name is used meanwhile. Correct "
        "it, or replace it: dokku backups:host --keep, or dokku backups:host --new");
  if (!host.doubtful.empty())
    log::warn(
        "Another machine may use " + join(host.doubtful, ", ") +
        ". If this machine is the one that these backups are of: dokku backups:host --keep. If "
        "it is a copy of that one: dokku backups:host --new");
}

int host(Call& call) {
  const bool keep = call.options.flag("keep");
  const bool renew = call.options.flag("new");
  if (keep && renew) throw Error(ErrorKind::kBadInput, "either --keep or --new, not both");
  call.resolver.authorise_everything();
  const std::string before = host_identity(call.state).name;
  if (keep) keep_host(call.state);
  if (renew) renew_host(call.state);
  const HostIdentity now = host_identity(call.state);
  if (keep || renew)
    log::result(now.name == before && keep ? "This machine is " + now.name + ", as before"
                                           : "New backups of this machine go below " + now.name);
  show(call, now);
  return 0;
}

}  // namespace

Verb host_verb() {
  return {"host",
          "[--keep|--new]",
          "show who this machine is to its buckets or decide that after a clone",
          {0, 0},
          {{"keep", nullptr, "it is the machine that the undecided names are of"},
           {"new", nullptr, "it is another one, with a name of its own"}},
          host};
}

}  // namespace backups
