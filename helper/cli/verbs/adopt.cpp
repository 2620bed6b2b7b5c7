#include <unistd.h>

#include <nlohmann/json.hpp>

#include "backup/create.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "lifecycle/recover.hpp"

namespace backups {
namespace {

int adopt(Call& call) {
  const Source source = call.resolver.source(call.word(0));
  call.resolver.require_own_path(source, call.word(0));
  if (::isatty(STDIN_FILENO) == 1)
    throw Error(ErrorKind::kBadInput, "the dump is read from stdin: " + command("adopt") + " " +
                                          source.spelling() + " < dump");
  const Lock lock = lock_source(call.state, source, "adopt");
  const CreateRequest request{source, Trigger::kAdopt, label_of(call.options), {kLocalTarget}};
  const Manifest manifest = adopt_backup(call.state, request, call.options.value("artifact"),
                                         STDIN_FILENO, make_progress());
  call.resolver.remember_path(source);
  log::result("The dump was imported as backup " + manifest.id);
  if (call.json) {
    print_json({{"source", source.text()}, {"status", "success"}, {"id", manifest.id}});
  } else {
    print(manifest.id + "\n");
  }
  return 0;
}

}  // namespace

Verb adopt_verb() {
  return {"adopt",
          "<source> [--artifact NAME] [--label TEXT] < dump",
          "import a dump made elsewhere as a backup",
          {1, 1},
          {{"artifact", "NAME", "the database of the source that the dump is of"},
           {"label", "TEXT", "a note stored with the backup"}},
          adopt};
}

}  // namespace backups
