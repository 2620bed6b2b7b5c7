#include "model/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "model/backup_id.hpp"
#include "model/limits.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

Json artifact_to_json(const Artifact& artifact) {
  Json json = {{"name", artifact.name},
               {"kind", artifact.kind},
               {"file", artifact.file},
               {"stored_size", artifact.stored_size},
               {"stored_sha256", artifact.stored_sha256},
               {"raw_size", artifact.raw_size},
               {"raw_sha256", artifact.raw_sha256},
               {"open_command", artifact.open_command},
               {"minimum_client", artifact.minimum_client}};
  if (!artifact.extra.empty()) json["extra"] = Json::parse(shallow(artifact.extra));
  return json;
}

std::uint64_t size_from(const Json& json) {
  // The library would convert -1 and 1.5.
  if (!json.is_number_unsigned()) throw Error(ErrorKind::kDamaged, "it contains an invalid size");
  return json;
}

std::int64_t sequence_from(const Json& sequence) {
  constexpr auto kMaximum = static_cast<std::uint64_t>(Manifest::kMaxSequence);
  const auto number = sequence.is_number_unsigned() ? sequence.get<std::uint64_t>() : 0;
  if (number == 0 || number > kMaximum)
    throw Error(ErrorKind::kDamaged, "its sequence number is not valid");
  return static_cast<std::int64_t>(number);
}

Artifact artifact_from_json(const Json& json) {
  Artifact artifact;
  artifact.name = json.at("name");
  artifact.kind = json.at("kind");
  artifact.file = json.at("file");
  artifact.stored_size = size_from(json.at("stored_size"));
  artifact.stored_sha256 = json.at("stored_sha256");
  artifact.raw_size = size_from(json.at("raw_size"));
  artifact.raw_sha256 = json.at("raw_sha256");
  artifact.open_command = json.at("open_command");
  artifact.minimum_client = json.at("minimum_client");
  if (json.contains("extra")) {
    if (!json["extra"].is_object())
      throw Error(ErrorKind::kDamaged, "the details of an artifact are not an object");
    artifact.extra = json["extra"].dump();
  }
  return artifact;
}

Time time_from(const Json& json) {
  const auto time = parse_rfc3339(json.get<std::string>());
  if (!time) throw Error(ErrorKind::kDamaged, "it contains an invalid time");
  return *time;
}

Trigger trigger_from(const Json& json) {
  const auto trigger = kTriggers.find(json.get<std::string>());
  if (!trigger) throw Error(ErrorKind::kDamaged, "its trigger is unknown");
  return *trigger;
}

Manifest from_json(const Json& json) {
  if (json.at("format") != Manifest::kFormat)
    throw Error(ErrorKind::kDamaged, "it was written by a newer version: update the plugin");
  Manifest manifest;
  manifest.id = json.at("id");
  const Json& source = json.at("source");
  manifest.source = {source.at("type"), source.at("name"), source.at("address")};
  manifest.host = json.at("host");
  manifest.writer = json.at("writer");
  manifest.plugin_version = json.at("plugin_version");
  const Json& engine = json.at("engine");
  manifest.engine = engine.at("name");
  manifest.engine_version = engine.at("version");
  manifest.image = engine.at("image");
  manifest.image_id = engine.at("image_id");
  manifest.identity = engine.at("identity");
  manifest.trigger = trigger_from(json.at("trigger"));
  manifest.schedule = json.value("schedule", "");
  manifest.label = json.at("label");
  manifest.sequence = sequence_from(json.at("sequence"));
  manifest.started_at = time_from(json.at("started_at"));
  manifest.finished_at = time_from(json.at("finished_at"));
  manifest.stages = json.at("stages").get<std::vector<std::string>>();
  for (const Json& artifact : json.at("artifacts"))
    manifest.artifacts.push_back(artifact_from_json(artifact));
  manifest.warnings = json.at("warnings").get<std::vector<std::string>>();
  manifest.suspect = json.value("suspect", "");
  manifest.reference = json.value("reference", "");
  if (!json.at("detail").is_object())
    throw Error(ErrorKind::kDamaged, "its detail is not an object");
  manifest.detail = json["detail"].dump();
  return manifest;
}

/// True for names as artifact_file() makes them.
bool is_file_of(const std::string& id, const std::string& file) {
  const auto plain = [](char c) { return c == '%' || valid_name(std::string{'x', c}); };
  return file.starts_with(id + ".") && std::all_of(file.begin(), file.end(), plain);
}

void check_sizes(const Manifest& manifest) {
  if (manifest.artifacts.size() > limits::kArtifacts)
    throw Error(ErrorKind::kDamaged, "it has too many artifacts");
  if (manifest.warnings.size() > limits::kWarnings)
    throw Error(ErrorKind::kDamaged, "it has too many warnings");
  std::uint64_t stored = 0;
  std::uint64_t raw = 0;
  for (const auto& artifact : manifest.artifacts) {
    stored += std::min(artifact.stored_size, limits::kBackup + 1);
    raw += std::min(artifact.raw_size, limits::kBackup + 1);
  }
  if (std::max(stored, raw) > limits::kBackup)
    throw Error(ErrorKind::kDamaged, "its sizes are too large");
}

void check(const Manifest& manifest) {
  const auto id = parse_id(manifest.id);
  bool good = id && id->name == manifest.source.name && valid_type(manifest.source.type) &&
              valid_name(manifest.source.name) && valid_name(manifest.host) &&
              !manifest.artifacts.empty();
  std::set<std::string> files;
  std::set<std::string> names;
  for (const auto& artifact : manifest.artifacts)
    good = good && is_file_of(manifest.id, artifact.file) && files.insert(artifact.file).second &&
           names.insert(artifact.name).second;
  check_sizes(manifest);
  if (!good) throw Error(ErrorKind::kDamaged, "its names contradict each other");
}

}  // namespace

std::uint64_t Manifest::stored_size() const {
  std::uint64_t sum = 0;
  for (const auto& artifact : artifacts) sum += artifact.stored_size;
  return sum;
}

std::uint64_t Manifest::raw_size() const {
  std::uint64_t sum = 0;
  for (const auto& artifact : artifacts) sum += artifact.raw_size;
  return sum;
}

std::vector<std::string> Manifest::kinds() const {
  std::vector<std::string> kinds;
  for (const auto& artifact : artifacts) kinds.push_back(artifact.kind);
  return kinds;
}

std::optional<std::int64_t> Manifest::rows() const {
  const auto json = Json::parse(shallow(detail));
  const auto rows = json.find("rows");
  if (rows == json.end() || !rows->is_number_integer()) return std::nullopt;
  return rows->get<std::int64_t>();
}

nlohmann::ordered_json manifest_to_json(const Manifest& manifest) {
  Json artifacts = Json::array();
  for (const auto& artifact : manifest.artifacts) artifacts.push_back(artifact_to_json(artifact));
  Json json = {{"format", Manifest::kFormat},
               {"id", manifest.id},
               {"source",
                {{"type", manifest.source.type},
                 {"name", manifest.source.name},
                 {"address", manifest.source.address}}},
               {"host", manifest.host},
               {"writer", manifest.writer},
               {"plugin_version", manifest.plugin_version},
               {"engine",
                {{"name", manifest.engine},
                 {"version", manifest.engine_version},
                 {"image", manifest.image},
                 {"image_id", manifest.image_id},
                 {"identity", manifest.identity}}},
               {"trigger", kTriggers[manifest.trigger]},
               {"label", manifest.label},
               {"sequence", manifest.sequence},
               {"started_at", rfc3339(manifest.started_at)},
               {"finished_at", rfc3339(manifest.finished_at)},
               {"stages", manifest.stages},
               {"artifacts", artifacts},
               {"warnings", manifest.warnings},
               {"detail", Json::parse(shallow(manifest.detail))}};
  if (!manifest.schedule.empty()) json["schedule"] = manifest.schedule;
  if (!manifest.suspect.empty()) json["suspect"] = manifest.suspect;
  if (!manifest.reference.empty()) json["reference"] = manifest.reference;
  return json;
}

Manifest manifest_from_json(const std::string& text) {
  try {
    return from_json(Json::parse(shallow(text)));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kDamaged, std::string("a manifest cannot be read: ") + error.what());
  }
}

Manifest parse_manifest(const std::string& text) {
  try {
    if (text.size() > limits::kManifest) throw Error(ErrorKind::kDamaged, "it is too large");
    const Json json = Json::parse(shallow(text));
    check_texts(json);
    Manifest manifest = from_json(json);
    check(manifest);
    manifest.bytes = text;
    return manifest;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kDamaged, std::string("the manifest cannot be read: ") + error.what());
  } catch (const Error& error) {
    throw Error(ErrorKind::kDamaged, std::string("the manifest cannot be used: ") + error.what());
  }
}

}  // namespace backups
