#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verb.hpp"
#include "engine/artifact.hpp"
#include "engine/verify.hpp"
#include "sys/fd.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

class StandardOutput : public Sink {
 public:
  void write(std::string_view bytes) override {
    interrupt::check();
    write_all(STDOUT_FILENO, bytes, "to stdout");
  }
  void finish() override {}
};

bool is_auxiliary(const Artifact& artifact) {
  return !artifact.extra.empty() && nlohmann::json::parse(artifact.extra).value("auxiliary", false);
}

const Artifact& pick(const Manifest& manifest, const std::optional<std::string>& name) {
  const Artifact* picked = nullptr;
  std::vector<std::string> names;
  for (const auto& artifact : manifest.artifacts) {
    if (name ? artifact.name != *name : manifest.artifacts.size() > 1 && is_auxiliary(artifact))
      continue;
    picked = &artifact;
    names.push_back(artifact.name);
  }
  if (names.size() == 1) return *picked;
  if (name)
    throw Error(ErrorKind::kBadInput,
                manifest.id + " has no artifact '" + printable(*name) + "': see backups:info");
  throw Error(ErrorKind::kBadInput, manifest.id + " has several artifacts (" + join(names, ", ") +
                                        "): say which with --artifact");
}

int download(Call& call) {
  const Backup backup = call.resolver.backup(call.word(0));
  if (::isatty(STDOUT_FILENO) == 1)
    throw Error(ErrorKind::kBadInput,
                "stdout is a terminal: send it to a file, and over ssh leave out -t");
  require_content(backup);
  const Manifest manifest = load_manifest(call.state.local(), backup.source, backup.id);
  const Artifact& artifact = pick(manifest, call.options.value("artifact"));
  StandardOutput output;
  if (call.options.flag("raw")) {
    read_stored(call.state.local(), manifest, artifact, output);
  } else {
    read_artifact(call.state.local(), manifest, artifact, output, {});
  }
  return 0;
}

}  // namespace

Verb download_verb() {
  return {"download",
          "<backup> [--artifact NAME] [--raw]",
          "write the plain dump to stdout",
          {1, 1},
          {{"artifact", "NAME", "which of several: the name of a database, or globals"},
           {"raw", nullptr, "the stored bytes: still compressed"}},
          download};
}

}  // namespace backups
