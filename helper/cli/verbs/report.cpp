#include <deque>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "lifecycle/lifecycle.hpp"
#include "schedule/schedule.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr const char* kColumn = "backups-";

std::string newest_backup(Catalog& catalog, const std::vector<Source>& sources) {
  std::optional<Backup> newest;
  for (const auto& source : sources) {
    const auto latest = catalog.latest(source);
    if (latest && (!newest || latest->sequence > newest->sequence)) newest = latest;
  }
  return newest ? newest->text() + " " + rfc3339(newest->started_at) : "";
}

/// The effective value, also if it is the default of the host.
std::string computed(const Paths& paths, const Settings& settings, const std::string& name) {
  std::string value = settings.get(Settings::kGlobal, name);
  if (!value.empty()) return value;
  if (name == "timezone") return time_zone(settings);
  if (name == "disk-reserve")
    return human_size(settings.disk_reserve(Settings::kGlobal, disk_space(paths.root).total));
  return "";
}

ReportRows global_report(const Paths& paths, const SettingsFile& settings_file) {
  const Settings settings = settings_file.read();
  ReportRows report;
  for (const auto& property : properties()) {
    const auto shown = [&](const std::string& value) { return property.shown(value); };
    report.emplace_back(std::string("computed-") + property.name,
                        shown(computed(paths, settings, property.name)));
    report.emplace_back(std::string("global-") + property.name,
                        shown(settings.own(Settings::kGlobal, property.name)));
  }
  return report;
}

ReportRows app_report(const Settings& settings, Catalog& catalog, const std::vector<Source>& linked,
                      const std::string& app) {
  const std::string scope = "app:" + app;
  ReportRows report;
  for (const auto& property : properties()) {
    if (!property.is(Property::kOfApps)) continue;
    const std::string name = property.name;
    report.emplace_back(name, settings.own(scope, name));
    report.emplace_back("computed-" + name, settings.get(scope, name));
    report.emplace_back("global-" + name, settings.own(Settings::kGlobal, name));
  }
  std::vector<std::string> names;
  for (const auto& source : linked) names.push_back(source.text());
  report.emplace_back("linked-services", join(names, " "));
  report.emplace_back("last-backup", newest_backup(catalog, linked));
  return report;
}

/// All keys of a report, as options. They live as long as the process.
std::vector<OptionSpec> options() {
  static std::deque<std::string> names;
  std::vector<OptionSpec> specs = {{"global", nullptr, "report on the host instead of an app"}};
  const auto add = [&](const std::string& key) {
    names.push_back(kColumn + key);
    specs.push_back({names.back().c_str(), nullptr, "print only this value"});
  };
  for (const auto& property : properties()) {
    const std::string name = property.name;
    if (property.is(Property::kOfApps)) add(name);
    add("computed-" + name);
    add("global-" + name);
  }
  add("linked-services");
  add("last-backup");
  return specs;
}

/// A key as a title: "Backups before deploy".
std::string title(const std::string& key) {
  std::string text = "Backups " + key;
  for (char& c : text)
    if (c == '-') c = ' ';
  return text;
}

void print_report(const std::string& of, ReportRows rows) {
  for (auto& row : rows) row.first = title(row.first);
  print(format_report(of + " backups information", rows));
}

int report(Call& call) {
  const bool global = call.options.flag("global");
  if (global == !call.options.words().empty())
    throw Error(ErrorKind::kBadInput, global ? "specify either an app or --global, not both"
                                             : "specify an app or --global");
  const std::string of = global ? "Global" : call.resolver.app(call.word(0));
  if (global) call.resolver.authorise_everything();
  const ReportRows found =
      global ? global_report(call.state.paths, call.state.settings)
             : app_report(call.state.settings.read(), call.state.catalog.open(),
                          linked_sources(call.state.hooks, call.state.paths, of), of);
  bool asked = false;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [key, value] : found) {
    if (call.options.flag(kColumn + key)) print(value + "\n");
    asked = asked || call.options.flag(kColumn + key);
    json[key] = value;
  }
  if (asked) return 0;
  if (call.json) {
    print_json(json);
  } else {
    print_report(of, found);
  }
  return 0;
}

}  // namespace

Verb report_verb() {
  return {"report",
          "<app>|--global [--backups-<key>] ...",
          "print the settings of an app or of the host",
          {0, 1},
          options(),
          report};
}

}  // namespace backups
