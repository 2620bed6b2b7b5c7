#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"

namespace backups {
namespace {

int set_kept(Call& call, bool kept) {
  const Backup backup = call.resolver.backup(call.word(0));
  if (kept && (backup.status != "success" || backup.deleted_at))
    throw Error(ErrorKind::kBadInput, backup.id + " holds nothing to keep");
  call.state.change_settings([&](Settings& settings) {
    if (kept) {
      settings.pins.insert(backup.text());
    } else {
      settings.pins.erase(backup.text());
    }
  });
  log::result(backup.id + (kept ? " is kept until backups:unkeep" : " is no longer kept"));
  if (call.json) print_json({{"id", backup.id}, {"kept", kept}});
  return 0;
}

}  // namespace

Verb keep_verb() {
  return {"keep", "<backup>", "keep a backup whatever retention says",
          {1, 1}, {},         [](Call& call) { return set_kept(call, true); }};
}

Verb unkeep_verb() {
  return {"unkeep", "<backup>", "leave a backup to retention again",
          {1, 1},   {},         [](Call& call) { return set_kept(call, false); }};
}

}  // namespace backups
