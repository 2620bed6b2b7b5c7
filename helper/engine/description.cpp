#include "engine/description.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace backups {
namespace {

using Json = nlohmann::json;

Description::State parse_state(const std::string& text) {
  if (text == "running") return Description::State::kRunning;
  if (text == "paused") return Description::State::kPaused;
  if (text == "stopped") return Description::State::kStopped;
  if (text == "missing") return Description::State::kMissing;
  throw Error(ErrorKind::kFailed, "a hook reports the unknown state '" + text + "'");
}

template <typename T>
T take(Json& json, const char* key, T otherwise) {
  const T value = json.value(key, otherwise);
  json.erase(key);
  return value;
}

PlannedArtifact parse_artifact(Json json) {
  PlannedArtifact artifact;
  artifact.name = json.at("name");
  json.erase("name");
  artifact.kind = take<std::string>(json, "kind", "");
  artifact.opens_with = take<std::string>(json, "opens_with", "");
  artifact.minimum_client = take<std::string>(json, "minimum_client", "");
  artifact.starts_with = take<std::string>(json, "starts_with", "");
  artifact.auxiliary = json.value("auxiliary", false);
  if (!json.empty()) artifact.extra = json.dump();
  return artifact;
}

Description parse_description(const std::string& text) {
  const Json json = Json::parse(text);
  Description description;
  description.state = parse_state(json.at("state"));
  description.engine = json.value("engine", "");
  description.version = json.value("version", "");
  description.image = json.value("image", "");
  description.image_id = json.value("image_id", "");
  description.identity = json.value("identity", "");
  description.size = json.value("size", std::uint64_t{0});
  description.staging = json.value("staging", std::uint64_t{0});
  description.place = json.value("place", "");
  description.beside = json.value("beside", true);
  description.contents = json.value("contents", description.contents);
  for (const auto& artifact : json.value("artifacts", Json::array()))
    description.artifacts.push_back(parse_artifact(artifact));
  return description;
}

}  // namespace

Description describe(const State& state, const Run& run, HookLog& log, const Source& source) {
  const std::string text = query_hook(state, run, log, source.type, "describe", {source.address});
  try {
    return parse_description(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kFailed, source.type + " describe " + source.address +
                                        " gave no proper answer: " + error.what());
  }
}

bool Description::exists() const {
  return state != State::kMissing && (state != State::kRunning || !artifacts.empty());
}

void require_running(const Description& description, const Source& source) {
  const std::string start = "start it with `dokku " + source.type + ":start " + source.name + "`";
  switch (description.state) {
    case Description::State::kRunning:
      return;
    case Description::State::kPaused:
      throw Error(ErrorKind::kPaused, source.spelling() + " is paused: " + start);
    case Description::State::kStopped:
      throw Error(ErrorKind::kStopped, source.spelling() + " is stopped: " + start);
    case Description::State::kMissing:
      throw Error(ErrorKind::kNotFound, "there is no " + source.spelling());
  }
}

}  // namespace backups
