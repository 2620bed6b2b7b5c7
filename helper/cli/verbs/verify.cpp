#include "copies/verify.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "copies/copy.hpp"

namespace backups {
namespace {

int verify(Call& call) {
  const Backup backup = call.resolver.backup(call.word(0));
  log::step("Reading every byte of " + backup.id);
  const std::string target = call.options.value("target").value_or(nearest(backup));
  const Manifest manifest = verify_backup(call.state.targets, call.state.catalog, call.state.events,
                                          backup, target, make_progress());
  log::result(backup.id + " is valid on " + target + ": " +
              std::to_string(manifest.artifacts.size()) + " artifact(s), " +
              human_size(manifest.stored_size()) + " stored, " + human_size(manifest.raw_size()) +
              " plain");
  if (call.json)
    print_json({{"id", backup.id},
                {"status", "verified"},
                {"target", target},
                {"stored_size", manifest.stored_size()},
                {"raw_size", manifest.raw_size()}});
  return 0;
}

}  // namespace

Verb verify_verb() {
  return {"verify",
          "<backup> [--target NAME]",
          "read every byte of a backup again and check its digests",
          {1, 1},
          {{"target", "NAME", "the copy to read (default: the nearest)"}},
          verify,
          false,
          false,
          true};
}

}  // namespace backups
