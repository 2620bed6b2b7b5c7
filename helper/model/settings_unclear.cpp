#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "model/settings.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;
using Unclear = std::vector<UnclearSetting>;

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

/// Also removes what becomes empty.
void remove_at(Json& json, std::vector<std::string>::const_iterator name,
               std::vector<std::string>::const_iterator end) {
  if (!json.is_object() || !json.contains(*name)) return;
  if (name + 1 != end) remove_at(json[*name], name + 1, end);
  if (name + 1 == end || json[*name].empty()) json.erase(*name);
}

void add_values(Unclear& unclear, const std::string& scope,
                const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    const Property* property = find_property(key);
    if (property == nullptr || property->valid(value)) continue;
    unclear.push_back({scope, "",
                       key + " of " + printable(scope) + " takes " + property->value_form +
                           ", not '" + property->shown(value) +
                           "': it is ignored until it is set again"});
  }
}

void add_schedule(Unclear& unclear, const Schedule& schedule) {
  std::string what = schedule.unclear;
  if (!Zone::is_known(schedule.timezone))
    what += (what.empty() ? "" : "; ") + ("its time zone '" + printable(schedule.timezone) +
                                          "' is unknown on this host, and " + Zone::host() +
                                          " is used. Choose another with --timezone, or install "
                                          "the package that has it (tzdata-legacy)");
  if (!what.empty())
    unclear.push_back(
        {schedule.source.text(), schedule.id,
         "schedule " + schedule.id + " of " + schedule.source.spelling() + ": " + what});
}

/// The source of a schedule that cannot run, as far as it can be determined.
UnclearSetting lost_schedule(const Json& json) {
  std::string why;
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

/// Values are not quoted, since they may be secrets.
std::string names_in(const Json& values) {
  std::vector<std::string> names;
  if (values.is_object())
    for (const auto& item : values.items()) names.push_back(printable(item.key()));
  return names.empty() ? "" : ": " + join(names, ", ");
}

void add_rest(Unclear& unclear, const Json& json) {
  for (const auto& [section, value] : json.items()) {
    const bool known = section == "schedules" || section == "pins" || section == "accepted" ||
                       section == "targets" || section == "properties" || section == "paths" ||
                       section == "host_id";
    if (!known) continue;
    if (section == "schedules" && value.is_array()) {
      for (const auto& entry : value) unclear.push_back(lost_schedule(entry));
    } else if (section == "targets" && value.is_object()) {
      for (const auto& item : value.items())
        unclear.push_back(
            {"", "",
             "target " + printable(item.key()) + " cannot be used: its entry is not valid"});
    } else if (section == "properties" && value.is_object()) {
      for (const auto& item : value.items())
        unclear.push_back(
            {item.key(), "",
             "properties of " + printable(item.key()) + " are not valid" + names_in(item.value())});
    } else {
      unclear.push_back({"", "",
                         "'" + section + "' in settings.json is not valid" +
                             (section == "pins" ? ": nothing is removed by retention" : "")});
    }
  }
}

}  // namespace

std::vector<UnclearSetting> Settings::unclear() const {
  Unclear unclear;
  if (format_ > kFormat)
    unclear.push_back(
        {"", "", "settings.json was written by a newer version of this plugin: update the plugin"});
  if (has_unclear_host())
    unclear.push_back(
        {"", "",
         "the identity of this host, 'host' in settings.json, is not valid. New off-site backups "
         "are stored below another name meanwhile, and those below its earlier names are neither "
         "pruned nor deleted. Correct the entry, or decide which machine this is: " +
             command("host") + " --keep, or " + command("host") + " --new"});
  for (const auto& [scope, values] : values_) add_values(unclear, scope, values);
  for (const auto& schedule : schedules) add_schedule(unclear, schedule);
  add_rest(unclear, object_of(unclear_));
  return unclear;
}

bool Settings::is_pinned(const std::string& backup) const {
  return pins.contains(backup) || object_of(unclear_).contains("pins");
}

bool Settings::is_unclear(const std::string& scope, const std::string& key) const {
  const Json unclear = object_of(unclear_).value("properties", Json::object());
  for (const auto& each : {scope, std::string(kGlobal)}) {
    const bool is_text = !unclear.is_object() || !unclear.contains(each) ||
                         !unclear[each].is_object() || !unclear[each].contains(key);
    if (!is_text) return true;
    if (const std::string value = own(each, key); !value.empty())
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

}  // namespace backups
