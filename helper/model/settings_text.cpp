#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"
#include "model/settings.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

Json object_of(const std::string& text) {
  return text.empty() ? Json::object() : Json::parse(text);
}

std::string text_at(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>()
                                                                       : "";
}

bool is_schedule(const Json& json, const Source& source, const std::string& id) {
  return text_at(json, "type") == source.type && text_at(json, "name") == source.name &&
         text_at(json, "id") == id;
}

/// Puts what was not understood back where it was. What was set there since wins.
void put_back(Json& json, const Json& unclear) {
  for (const auto& [key, value] : unclear.items()) {
    Json& known = json[key];
    if (known.is_null() || known.empty() || known == "") {
      known = value;
    } else if (known.is_array() && value.is_array()) {
      known.insert(known.end(), value.begin(), value.end());
    } else if (known.is_object() && value.is_object()) {
      for (const auto& [name, entry] : value.items()) {
        const auto [there, is_new] = known.emplace(name, Json(entry));
        if (is_new || key != "properties" || !entry.is_object()) continue;
        for (const auto& [property, set] : entry.items()) there->emplace(property, Json(set));
      }
    } else {
      throw Error(ErrorKind::kRefused, "'" + key +
                                           "' of settings.json is of a newer version, and can't be "
                                           "changed by this one: update the plugin");
    }
  }
}

/// What is left empty goes too.
void remove_at(Json& json, std::vector<std::string>::const_iterator name,
               std::vector<std::string>::const_iterator end) {
  if (!json.is_object() || !json.contains(*name)) return;
  if (name + 1 != end) remove_at(json[*name], name + 1, end);
  if (name + 1 == end || json[*name].empty()) json.erase(*name);
}

/// Its names become parts of keys.
void check_host(const HostIdentity& host) {
  std::set<std::string> names = host.names;
  names.insert(host.doubtful.begin(), host.doubtful.end());
  if (!host.name.empty()) names.insert(host.name);
  for (const auto& name : names)
    if (!valid_name(name))
      throw Error(ErrorKind::kDamaged,
                  "settings.json: '" + printable(name) + "' is not the name of a host");
}

}  // namespace

/// Takes settings.json apart: what it understands it takes out, so that the rest stays.
class SettingsReader {
 public:
  explicit SettingsReader(Json json) : rest_(std::move(json)) {}

  Settings read() {
    read_format();
    read_texts("pins", settings_.pins);
    read_texts("paths", settings_.paths);
    read_texts("accepted", settings_.accepted);
    if (rest_.contains("host")) {
      settings_.host = host_from_json(rest_["host"]);
      check_host(settings_.host);
      rest_.erase("host");
    }
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

  /// Keeps in `section` the entries for which `take` returns false, and nothing where none is left.
  template <typename Take>
  void sift(const char* section, Json::value_t type, const Take& take) {
    const auto found = rest_.find(section);
    if (found == rest_.end() || found->type() != type) return;
    Json left(type);
    for (const auto& [key, entry] : found->items()) {
      Json unclear = entry;
      if (take(key, unclear)) continue;
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

  /// Their names become those of files. Options are checked where the target is used.
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
    if (!json.is_object()) throw Error(ErrorKind::kDamaged, "settings.json is not a JSON object");
    return SettingsReader(std::move(json)).read();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kDamaged, std::string("settings.json cannot be read: ") + error.what());
  }
}

std::string Settings::to_text() const {
  Json json = {{"format", format_}};
  if (host.name.empty()) {
    json["host_id"] = host_id;
  } else {
    json["host"] = host_to_json(host);
  }
  json["pins"] = pins;
  if (!targets.empty()) json["targets"] = targets;
  for (const auto& schedule : schedules) json["schedules"].push_back(schedule_to_json(schedule));
  if (!paths.empty()) json["paths"] = paths;
  if (!accepted.empty()) json["accepted"] = accepted;
  json["properties"] = values_;
  put_back(json, object_of(unclear_));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool Settings::is_pinned(const std::string& backup) const {
  return pins.contains(backup) || object_of(unclear_).contains("pins");
}

bool Settings::is_unclear(const std::string& scope, const std::string& key) const {
  const Json unclear = object_of(unclear_).value("properties", Json::object());
  for (const auto& asked : {scope, std::string(kGlobal)}) {
    const bool is_text = !unclear.is_object() || !unclear.contains(asked) ||
                         !unclear[asked].is_object() || !unclear[asked].contains(key);
    if (!is_text) return true;
    if (const std::string value = own(asked, key); !value.empty())
      return !find_property(key)->valid(value);
  }
  return false;
}

void Settings::forget_unclear(const std::vector<std::string>& path) {
  if (unclear_.empty()) return;
  Json json = object_of(unclear_);
  remove_at(json, path.begin(), path.end());
  unclear_ = json.empty() ? "" : json.dump();
}

bool Settings::forget_unclear_schedule(const Source& source, const std::string& id) {
  Json json = object_of(unclear_);
  if (!json.contains("schedules") || !json["schedules"].is_array()) return false;
  Json left = Json::array();
  for (const auto& entry : json["schedules"])
    if (!is_schedule(entry, source, id)) left.push_back(entry);
  const bool found = left.size() < json["schedules"].size();
  if (left.empty()) {
    json.erase("schedules");
  } else {
    json["schedules"] = left;
  }
  unclear_ = json.empty() ? "" : json.dump();
  return found;
}

namespace {

using Unclear = std::vector<UnclearSetting>;

void add_values(Unclear& unclear, const std::string& scope,
                const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    const Property* property = find_property(key);
    if (property == nullptr || property->valid(value)) continue;
    unclear.push_back({scope, "",
                       key + " of " + printable(scope) + " takes " + property->takes + ", not '" +
                           property->shown(value) + "': it is ignored until it is set again"});
  }
}

void add_schedule(Unclear& unclear, const Schedule& schedule) {
  std::string what = schedule.unclear;
  if (!Zone::is_known(schedule.timezone))
    what += (what.empty() ? "" : "; ") +
            ("this host does not know its time zone '" + printable(schedule.timezone) + "', and " +
             Zone::host() +
             " is used. Name one that it knows with --timezone, or install the package that "
             "has it (tzdata-legacy)");
  if (!what.empty())
    unclear.push_back(
        {schedule.source.text(), schedule.id,
         "schedule " + schedule.id + " of " + schedule.source.spelling() + ": " + what});
}

void add_target(Unclear& unclear, const std::string& name, const TargetOptions& options) {
  try {
    for (const auto& [option, value] : options) check_target_option(option, value);
    check_target_options(options);
  } catch (const Error& error) {
    unclear.push_back({"", "", "target " + name + " can't be used: " + error.what()});
  }
}

/// Of a schedule that can't run: whose it is, as far as that can be told.
UnclearSetting lost_schedule(const Json& json) {
  std::string why = "it is not one";
  try {
    schedule_from_json(json);
  } catch (const Error& error) {
    why = error.what();
  }
  const std::string source = text_at(json, "type") + ":" + text_at(json, "name");
  return {source, text_at(json, "id"),
          "schedule " + printable(text_at(json, "id")) + " of " + printable(source) +
              " does not run: " + why};
}

void add_rest(Unclear& unclear, const Json& json) {
  for (const auto& [section, value] : json.items()) {
    const bool known = section == "schedules" || section == "pins" || section == "accepted" ||
                       section == "targets" || section == "properties" || section == "host_id";
    if (!known) continue;
    if (section == "schedules" && value.is_array()) {
      for (const auto& entry : value) unclear.push_back(lost_schedule(entry));
    } else if (section == "targets" && value.is_object()) {
      for (const auto& item : value.items())
        unclear.push_back(
            {"", "", "target " + printable(item.key()) + " can't be used: it is not understood"});
    } else if (section == "properties" && value.is_object()) {
      for (const auto& item : value.items())
        unclear.push_back({item.key(), "",
                           "properties of " + printable(item.key()) +
                               " are not understood: " + printable(item.value().dump())});
    } else {
      unclear.push_back({"", "",
                         "'" + section + "' of settings.json is not understood" +
                             (section == "pins" ? ": nothing is removed by retention" : "")});
    }
  }
}

}  // namespace

std::vector<UnclearSetting> Settings::unclear() const {
  Unclear unclear;
  if (format_ > kFormat)
    unclear.push_back({"", "", "settings.json is of a newer version of this plugin: update it"});
  for (const auto& [scope, values] : values_) add_values(unclear, scope, values);
  for (const auto& schedule : schedules) add_schedule(unclear, schedule);
  for (const auto& [name, options] : targets) add_target(unclear, name, options);
  add_rest(unclear, object_of(unclear_));
  return unclear;
}

}  // namespace backups
