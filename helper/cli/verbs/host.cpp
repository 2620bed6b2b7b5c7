#include <nlohmann/json.hpp>

#include "base/command.hpp"
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
    if (name != host.name) rows.emplace_back("Also known as", name);
  for (const auto& name : host.doubtful) rows.emplace_back("Undecided", name);
  rows.emplace_back("Bound to the machine",
                    host.machine.empty() ? "no (/etc/machine-id is empty or that of a container): "
                                           "a clone is detected only by what it writes off-site"
                                         : "yes");
  print(format_report("Host " + host.name, rows));
  if (call.state.settings.read().has_unclear_host())
    log::warn(
        "'host' in settings.json is not valid, and this name is used meanwhile. Correct it, or "
        "replace it: " +
        command("host") + " --keep, or " + command("host") + " --new");
  if (!host.doubtful.empty())
    log::warn("Another machine may use " + join(host.doubtful, ", ") +
              ". If these backups are of this machine: " + command("host") +
              " --keep. If this machine is a clone: " + command("host") + " --new");
}

int host(Call& call) {
  const bool keep = call.options.flag("keep");
  const bool renew = call.options.flag("new");
  if (keep && renew) throw Error(ErrorKind::kBadInput, "specify either --keep or --new, not both");
  call.resolver.authorise_everything();
  const std::string before = call.state.identity.read().name;
  if (keep) call.state.identity.keep();
  if (renew) call.state.identity.renew();
  const HostIdentity now = call.state.identity.read();
  if (keep || renew)
    log::result(now.name == before && keep
                    ? "This machine remains " + now.name
                    : "New off-site backups of this machine are stored below " + now.name);
  show(call, now);
  return 0;
}

}  // namespace

Verb host_verb() {
  return {"host",
          "[--keep|--new]",
          "show the name of this host off-site or decide it after cloning",
          {0, 0},
          {{"keep", nullptr, "the backups below the undecided names are of this machine"},
           {"new", nullptr, "this machine is a clone: give it a name of its own"}},
          host};
}

}  // namespace backups
