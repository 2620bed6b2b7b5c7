#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"
#include "model/settings.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kFormat = Settings::kFormat;
/// The temporary identity of a host whose `host` is not understood.
constexpr const char* kMeanwhile = "host_meanwhile";

/// Empty values contain nothing to preserve.
bool is_blank(const Json& value) { return value.empty() || value == ""; }

/// False for entries that protect backups from being removed, and for whatever a newer version
/// wrote.
bool is_replaceable(const std::string& key, std::int64_t format) {
  return format <= kFormat && key != "pins" && key != "host_id";
}

/// Puts the entries that were not understood back in their places. Later settings take precedence;
/// if both cannot be kept in one place, the former is kept in `set_aside`.
void put_back(Json& json, const Json& unclear, std::int64_t format) {
  for (const auto& [key, value] : unclear.items()) {
    Json& known = json[key];
    if (is_blank(known)) {
      known = value;
    } else if (is_blank(value)) {
      continue;
    } else if (known.is_array() && value.is_array()) {
      known.insert(known.end(), value.begin(), value.end());
    } else if (known.is_object() && value.is_object()) {
      for (const auto& [name, entry] : value.items()) {
        const auto [there, is_new] = known.emplace(name, Json(entry));
        if (is_new || key != "properties" || !entry.is_object()) continue;
        for (const auto& [property, set] : entry.items()) there->emplace(property, Json(set));
      }
    } else if (is_replaceable(key, format)) {
      json["set_aside"][key] = value;
    } else {
      throw Error(ErrorKind::kRefused,
                  "'" + key +
                      "' in settings.json is not valid for this version, which cannot change it: "
                      "update the plugin or correct that entry in the file");
    }
  }
}

/// Its names are checked because they become parts of keys. Nothing if it is not understood.
std::optional<HostIdentity> host_of(const Json& json) {
  try {
    HostIdentity host = host_from_json(json);
    std::set<std::string> names = host.names;
    names.insert(host.doubtful.begin(), host.doubtful.end());
    names.insert(host.name);
    if (std::all_of(names.begin(), names.end(), valid_name)) return host;
  } catch (const Json::exception&) {
  }
  return std::nullopt;
}

/// The names that an identity that is not understood seems to have, for a person to decide.
HostIdentity doubtful_host(const Json& json) {
  HostIdentity host;
  const auto add = [&](const Json& name) {
    if (name.is_string() && valid_name(name.get<std::string>()) && !host.is_doubtful(name))
      host.doubtful.push_back(name);
  };
  if (!json.is_object()) return host;
  add(json.value("name", Json()));
  for (const char* key : {"names", "doubtful"})
    for (const auto& name : json.value(key, Json::array())) add(name);
  return host;
}

/// A plain message for an exception of the JSON library.
std::string why_unreadable(const std::string& text, const Json::exception& error) {
  if (trim(text).empty()) return "it is empty";
  const auto* wrong = dynamic_cast<const Json::parse_error*>(&error);
  if (wrong == nullptr) return "it holds a number that is too large";
  if (wrong->byte > text.size()) return "it is truncated";
  const auto end =
      text.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(wrong->byte, 1));
  return "it is not valid JSON from line " +
         std::to_string(1 + std::count(text.begin(), end - 1, '\n')) + " on";
}

}  // namespace

/// Parses settings.json: moves the entries that it understands out of the JSON, so that the others
/// remain in it.
class SettingsReader {
 public:
  explicit SettingsReader(Json json) : rest_(std::move(json)) {}

  Settings read() {
    read_format();
    read_texts("pins", settings_.pins);
    read_texts("paths", settings_.paths);
    read_texts("accepted", settings_.accepted);
    read_host();
    if (rest_.contains("host_id") && rest_["host_id"].is_string()) {
      settings_.host_id = rest_["host_id"];
      rest_.erase("host_id");
    }
    read_schedules();
    read_properties();
    read_targets();
    if (!rest_.empty()) settings_.unclear_ = rest_.dump();
    return std::move(settings_);
  }

 private:
  void read_format() {
    const auto format = rest_.find("format");
    if (format != rest_.end() && format->is_number_integer()) settings_.format_ = *format;
    rest_.erase("format");
  }

  /// Takes the identity completely or not at all, because any part of it may protect another
  /// machine's backups from being removed. If it is not understood, this host uses a temporary
  /// identity.
  void read_host() {
    std::optional<HostIdentity> meanwhile;
    if (rest_.contains(kMeanwhile)) meanwhile = host_of(rest_[kMeanwhile]);
    if (meanwhile) rest_.erase(kMeanwhile);
    if (!rest_.contains("host")) {
      if (meanwhile) settings_.host = *meanwhile;
      return;
    }
    Json& json = rest_["host"];
    if (const auto host = host_of(json)) {
      settings_.host = *host;
      if (meanwhile) settings_.host.merge(*meanwhile);
      const Json known = host_to_json(*host);
      for (const auto& member : known.items()) json.erase(member.key());
      if (!json.empty()) return;
    } else {
      settings_.host = meanwhile ? *meanwhile : doubtful_host(json);
      settings_.unclear_host_ = json.dump();
    }
    rest_.erase("host");
  }

  /// Keeps the entries of `section` for which `parse` returns false, and removes the section if
  /// none are left.
  template <typename Parse>
  void sift(const char* section, Json::value_t type, const Parse& parse) {
    const auto found = rest_.find(section);
    if (found == rest_.end() || found->type() != type) return;
    Json left(type);
    for (const auto& [key, entry] : found->items()) {
      Json unclear = entry;
      if (parse(key, unclear)) continue;
      if (type == Json::value_t::array) {
        left.push_back(unclear);
      } else {
        left[key] = unclear;
      }
    }
    if (left.empty()) {
      rest_.erase(section);
    } else {
      *found = left;
    }
  }

  void read_texts(const char* section, std::set<std::string>& texts) {
    sift(section, Json::value_t::array, [&](const std::string&, const Json& entry) {
      if (entry.is_string()) texts.insert(entry.get<std::string>());
      return entry.is_string();
    });
  }

  void read_schedules() {
    sift("schedules", Json::value_t::array, [&](const std::string&, const Json& entry) {
      try {
        settings_.schedules.push_back(schedule_from_json(entry));
        return true;
      } catch (const Error&) {
        return false;
      }
    });
  }

  void read_properties() {
    sift("properties", Json::value_t::object, [&](const std::string& scope, Json& values) {
      if (!values.is_object()) return false;
      Json unclear = Json::object();
      for (const auto& [key, value] : values.items()) {
        if (value.is_string()) {
          settings_.values_[scope][key] = value;
        } else {
          unclear[key] = value;
        }
      }
      values = unclear;
      return unclear.empty();
    });
  }

  /// Names become file names, so they are checked here; options are checked when the target is
  /// used.
  void read_targets() {
    sift("targets", Json::value_t::object, [&](const std::string& name, const Json& options) {
      const bool plain =
          options.is_object() &&
          std::all_of(options.begin(), options.end(), [](const Json& v) { return v.is_string(); });
      if (!plain || !valid_target_name(name)) return false;
      settings_.targets[name] = options.get<TargetOptions>();
      return true;
    });
  }

  Json rest_;
  Settings settings_;
};

Settings Settings::parse(const std::string& text) {
  try {
    Json json = Json::parse(shallow(text));
    if (!json.is_object()) throw Error(ErrorKind::kDamaged, "it is not a JSON object");
    return SettingsReader(std::move(json)).read();
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kDamaged, why_unreadable(text, error));
  }
}

std::string Settings::to_text() const {
  Json json = {{"format", format_}};
  if (has_unclear_host()) json["host"] = Json::parse(unclear_host_);
  if (!host.name.empty()) {
    json[has_unclear_host() ? kMeanwhile : "host"] = host_to_json(host);
  } else if (!has_unclear_host()) {
    json["host_id"] = host_id;
  }
  json["pins"] = pins;
  if (!targets.empty()) json["targets"] = targets;
  for (const auto& schedule : schedules) json["schedules"].push_back(schedule_to_json(schedule));
  if (!paths.empty()) json["paths"] = paths;
  if (!accepted.empty()) json["accepted"] = accepted;
  json["properties"] = values_;
  if (!unclear_.empty()) put_back(json, Json::parse(unclear_), format_);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace backups
