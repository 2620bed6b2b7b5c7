#include <unistd.h>

#include "base/error.hpp"
#include "cli/output.hpp"
#include "cli/pick.hpp"
#include "cli/verb.hpp"
#include "copies/copy.hpp"
#include "copies/verify.hpp"

namespace backups {
namespace {

class StandardOutput : public Sink {
 public:
  void write(std::string_view bytes) override {
    used_ = true;
    write_stdout(bytes);
  }
  bool used() const { return used_; }
  void finish() override {}

 private:
  bool used_ = false;
};

int download(Call& call) {
  const Backup backup = call.resolver.backup(call.word(0));
  if (::isatty(STDOUT_FILENO) == 1)
    throw Error(ErrorKind::kBadInput,
                "stdout is a terminal: redirect it to a file (over SSH, leave out -t)");
  require_content(backup);
  StandardOutput output;
  try_copies(call.state.targets, call.state.catalog, backup,
             [&](Store& store, const std::string& target) {
               const Manifest manifest = known_manifest(call.state.events, store, backup, target);
               const Artifact artifact = pick_artifact(manifest, call.options.value("artifact"));
               try {
                 if (call.options.flag("raw")) {
                   read_stored(store, manifest, artifact, output, {});
                 } else {
                   read_artifact(store, manifest, artifact, output, {});
                 }
               } catch (const Error& error) {
                 if (!output.used()) throw;
                 // Written bytes cannot be taken back, so another copy cannot continue from here.
                 mark_damage(call.state.catalog.open(), backup, target, error);
                 throw StopFallback(error);
               }
             });
  return 0;
}

}  // namespace

Verb download_verb() {
  return {"download",
          "<backup> [--artifact NAME] [--raw]",
          "write the plain dump to stdout",
          {1, 1},
          {{"artifact", "NAME",
            "which artifact, if there are several: the name of a database, or globals"},
           {"raw", nullptr, "write the stored bytes, still compressed"}},
          download,
          false,
          false,
          true};
}

}  // namespace backups
