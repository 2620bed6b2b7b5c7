#include <deque>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/scope.hpp"
#include "cli/verb.hpp"
#include "lifecycle/lifecycle.hpp"
#include "schedule/schedule.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr const char* kColumn = "backups-";

struct Report {
  std::string of;  ///< for the title
  ReportRows rows;
};

std::string newest_backup(Catalog& catalog, const std::vector<Source>& sources) {
  std::optional<Backup> newest;
  for (const auto& source : sources) {
    const auto latest = catalog.latest(source);
    if (latest && (!newest || latest->sequence > newest->sequence)) newest = latest;
  }
  return newest ? newest->text() + " " + rfc3339(newest->started_at) : "";
}

/// The effective value, also if it is the default of the host.
std::string computed(const Paths& paths, const Settings& settings, const std::string& scope,
                     const std::string& name) {
  std::string value = settings.get(scope, name);
  if (!value.empty()) return value;
  if (name == "timezone") return time_zone(settings);
  if (name == "disk-reserve")
    return human_size(settings.disk_reserve(scope, disk_space(paths.root).total));
  return "";
}

ReportRows global_report(const Paths& paths, const SettingsFile& settings_file) {
  const Settings settings = settings_file.read();
  ReportRows report;
  for (const auto& property : properties()) {
    const auto shown = [&](const std::string& value) { return property.shown(value); };
    report.emplace_back(std::string("computed-") + property.name,
                        shown(computed(paths, settings, Settings::kGlobal, property.name)));
    report.emplace_back(std::string("global-") + property.name,
                        shown(settings.own(Settings::kGlobal, property.name)));
  }
  return report;
}

/// The properties of an app or of a source.
ReportRows scope_report(const Paths& paths, const Settings& settings, const std::string& scope,
                        bool app) {
  ReportRows report;
  for (const auto& property : properties()) {
    if (property.is(Property::kOfApps) != app || property.is(Property::kGlobalOnly)) continue;
    const std::string name = property.name;
    const auto add = [&](const std::string& key, const std::string& value) {
      report.emplace_back(key, property.shown(value));
    };
    add(name, settings.own(scope, name));
    add("computed-" + name, computed(paths, settings, scope, name));
    add("global-" + name, settings.own(Settings::kGlobal, name));
  }
  return report;
}

Report app_report(Call& call, const std::string& app) {
  const auto linked = linked_sources(call.state.hooks, call.state.paths, app);
  Report report{app,
                scope_report(call.state.paths, call.state.settings.read(), kAppScope + app, true)};
  std::vector<std::string> names;
  for (const auto& source : linked) names.push_back(source.text());
  report.rows.emplace_back("linked-services", join(names, " "));
  report.rows.emplace_back("last-backup", newest_backup(call.state.catalog.open(), linked));
  return report;
}

Report source_report(Call& call, const Source& source) {
  Report report{source.spelling(),
                scope_report(call.state.paths, call.state.settings.read(), source.text(), false)};
  report.rows.emplace_back("last-backup", newest_backup(call.state.catalog.open(), {source}));
  return report;
}

/// Of a name without a type, which may be that of an app, of a source, or ambiguous.
Report named_report(Call& call, const std::string& name) {
  const bool app = is_own_app(call, name);
  std::optional<Source> source;
  try {
    source = call.resolver.known_source(name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound)
      throw Error(error.kind(),
                  error.what() + (app ? "; for the app, specify " + (kAppScope + name) : ""));
  }
  if (!source && !app) {
    call.resolver.app(name);  // throws if the caller may not use it
    throw Error(ErrorKind::kNotFound, "no app and no source is called " + in_quotes(name));
  }
  if (!source) return app_report(call, name);
  if (!app) return source_report(call, *source);
  throw Error(ErrorKind::kBadInput, in_quotes(name) + " is ambiguous, it may be " + kAppScope +
                                        name + ", " + source->spelling() + ": specify one of them");
}

Report report_on(Call& call, const std::string& word) {
  if (word.starts_with(kAppScope))
    return app_report(call, call.resolver.app(word.substr(std::string(kAppScope).size())));
  if (word.find(':') == std::string::npos) return named_report(call, word);
  return source_report(call, call.resolver.known_source(word));
}

/// All keys of a report, as options. They live as long as the process.
std::vector<OptionSpec> options() {
  static std::deque<std::string> names;
  std::vector<OptionSpec> specs = {
      {"global", nullptr, "report on the host instead of an app or a source"}};
  const auto add = [&](const std::string& key) {
    names.push_back(kColumn + key);
    specs.push_back({names.back().c_str(), nullptr, "print only this value"});
  };
  for (const auto& property : properties()) {
    const std::string name = property.name;
    if (!property.is(Property::kGlobalOnly)) add(name);
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

void print_report(const Report& report) {
  ReportRows rows = report.rows;
  for (auto& row : rows) row.first = title(row.first);
  print(format_report(report.of + " backups information", rows));
}

int report(Call& call) {
  const bool global = call.options.flag("global");
  if (global == !call.options.words().empty())
    throw Error(ErrorKind::kBadInput, global
                                          ? "specify either an app or source, or --global, not both"
                                          : "specify an app, a source or --global");
  if (global) call.resolver.authorise_everything();
  const Report found = global
                           ? Report{"Global", global_report(call.state.paths, call.state.settings)}
                           : report_on(call, call.word(0));
  bool one_column = false;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [key, value] : found.rows) {
    if (call.options.flag(kColumn + key)) print(value + "\n");
    one_column = one_column || call.options.flag(kColumn + key);
    json[key] = value;
  }
  if (one_column) return 0;
  if (call.json) {
    print_json(json);
  } else {
    print_report(found);
  }
  return 0;
}

}  // namespace

Verb report_verb() {
  return {"report",
          "<app>|<source>|--global [--backups-<key>] ...",
          "print the settings of an app or source or of the host",
          {0, 1},
          options(),
          report};
}

}  // namespace backups
