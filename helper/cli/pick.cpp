#include "cli/pick.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"

namespace backups {
namespace {

bool is_auxiliary(const Artifact& artifact) {
  if (artifact.extra.empty()) return false;
  const auto said = nlohmann::json::parse(shallow(artifact.extra));
  const auto found = said.find("auxiliary");
  return found != said.end() && *found == true;
}

}  // namespace

Artifact pick_artifact(const Manifest& manifest, const std::optional<std::string>& name) {
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
    throw Error(ErrorKind::kBadInput, manifest.id + " has no artifact '" + printable(*name) +
                                          "': see " + command("info") + " " + manifest.id);
  throw Error(ErrorKind::kBadInput, manifest.id + " has several artifacts (" + join(names, ", ") +
                                        "): choose one with --artifact");
}

}  // namespace backups
