#include "cli/pick.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "model/artifact_choice.hpp"
#include "model/limits.hpp"

namespace backups {
namespace {

bool is_auxiliary(const Artifact& artifact) {
  if (artifact.extra.empty()) return false;
  const auto extra = nlohmann::json::parse(shallow(artifact.extra));
  const auto found = extra.find("auxiliary");
  return found != extra.end() && *found == true;
}

}  // namespace

Artifact pick_artifact(const Manifest& manifest, const std::optional<std::string>& name) {
  std::vector<ArtifactOption> options;
  for (const auto& artifact : manifest.artifacts)
    options.push_back({artifact.name, is_auxiliary(artifact)});
  return manifest.artifacts[choose_artifact(manifest.id, options, name)];
}

}  // namespace backups
