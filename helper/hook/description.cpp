#include "hook/description.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"

namespace backups {
namespace {

using PlainJson = nlohmann::json;

struct StateWord {
  Description::State state;
  const char* word;   // of `describe`
  const char* words;  // for a person
};

constexpr std::array kStates = {
    StateWord{Description::State::kRunning, "running", "is running"},
    StateWord{Description::State::kPaused, "paused", "is paused"},
    StateWord{Description::State::kStopped, "stopped", "is stopped"},
    StateWord{Description::State::kRestarting, "restarting", "keeps failing to start"},
    StateWord{Description::State::kCreated, "created", "was created, but never started"},
    StateWord{Description::State::kDead, "dead", "has a dead container"},
    StateWord{Description::State::kMissing, "missing", "does not exist"}};

Description::State parse_state(const std::string& text) {
  for (const auto& known : kStates)
    if (text == known.word) return known.state;
  throw Error(ErrorKind::kFailed, "a hook reports the unknown state '" + text + "'");
}

template <typename T>
T extract(PlainJson& json, const char* key, T otherwise) {
  const T value = json.value(key, otherwise);
  json.erase(key);
  return value;
}

PlannedArtifact parse_artifact(PlainJson json) {
  PlannedArtifact artifact;
  artifact.name = json.at("name");
  json.erase("name");
  artifact.kind = extract<std::string>(json, "kind", "");
  artifact.opens_with = extract<std::string>(json, "opens_with", "");
  artifact.minimum_client = extract<std::string>(json, "minimum_client", "");
  artifact.starts_with = extract<std::string>(json, "starts_with", "");
  artifact.inspector = extract<std::string>(json, "inspector", "");
  artifact.auxiliary = json.value("auxiliary", false);
  if (!json.empty()) artifact.extra = json.dump();
  return artifact;
}

Description parse_description(const std::string& text) {
  const PlainJson json = PlainJson::parse(shallow(text));
  Description description;
  description.state = parse_state(json.at("state"));
  description.reason = scrub(printable(json.value("reason", "")));
  description.engine = json.value("engine", "");
  description.version = json.value("version", "");
  description.image = json.value("image", "");
  description.image_id = json.value("image_id", "");
  description.identity = json.value("identity", "");
  description.size = json.value("size", std::uint64_t{0});
  description.staging = json.value("staging", std::uint64_t{0});
  description.place = json.value("place", "");
  description.atomic = json.value("atomic", false);
  description.contents = json.value("contents", description.contents);
  description.warnings = json.value("warnings", description.warnings);
  description.keeps = json.value("keeps", "");
  description.failure = json.value("failure", "");
  for (const auto& artifact : json.value("artifacts", PlainJson::array()))
    description.artifacts.push_back(parse_artifact(artifact));
  return description;
}

}  // namespace

Description describe(const Hooks& installed, const Run& run, HookLog& log, const Source& source,
                     const Timeouts& timeouts) {
  return describe(installed, run, log, source, HookSet(source.type), timeouts);
}

Description describe(const Hooks& installed, const Run& run, HookLog& log, const Source& source,
                     const HookSet& hooks, const Timeouts& timeouts) {
  const SourceType type = source_type(installed, hooks);
  const std::string text =
      query_hook(installed, run, log, hooks, "describe", {source.address}, {}, timeouts);
  try {
    Description description = parse_description(text);
    description.beside = type.promise == SourceType::Promise::kBeside;
    return description;
  } catch (const PlainJson::exception& error) {
    throw Error(ErrorKind::kFailed, "the inspection of " + source.spelling() +
                                        " returned an invalid answer: " + error.what());
  }
}

void require_restorable(const Hooks& installed, const Description& description,
                        const Source& source) {
  const SourceType type = source_type(installed, source.type);
  for (const auto& artifact : description.artifacts)
    if (!type.accepts(artifact.kind))
      throw Error(ErrorKind::kFailed, source.spelling() + " has an artifact of the kind " +
                                          in_quotes(artifact.kind) + ", which the type.json of " +
                                          source.type + " does not list");
}

bool Description::exists() const {
  return state != State::kMissing && (state != State::kRunning || !artifacts.empty());
}

std::string state_words(const Description& description) {
  for (const auto& known : kStates)
    if (description.state == known.state) return known.words;
  return {};
}

void require_running(const Description& description, const Source& source) {
  using State = Description::State;
  if (description.state == State::kRunning) return;
  if (description.state == State::kMissing)
    throw Error(ErrorKind::kNotFound, "source " + source.spelling() + " not found");
  const auto kind = description.state == State::kPaused ? ErrorKind::kPaused : ErrorKind::kStopped;
  throw Error(kind, source.spelling() + " " + state_words(description) + ": " +
                        (description.reason.empty()
                             ? "start it with `dokku " + source.type + ":start " + source.name + "`"
                             : description.reason));
}

}  // namespace backups
