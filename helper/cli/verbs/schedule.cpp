#include "schedule/schedule.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/targets.hpp"
#include "model/cron.hpp"
#include "model/cron_words.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kRunsShown = 3;

/// The cron expression, given either as arguments or by one option.
Cron cron_of(const Call& call) {
  std::vector<std::string> words(call.options.words().begin() + 1, call.options.words().end());
  // Over SSH "sun 02:00" arrives as two arguments.
  const auto whole = [&](const std::string& value) {
    if (value.find(' ') != std::string::npos || words.size() != 1) return value;
    const std::string time = words[0];
    words.clear();
    return value + " " + time;
  };
  std::vector<Cron> times;
  if (const auto value = call.options.value("daily")) times.push_back(cron_daily(*value));
  if (const auto value = call.options.value("weekly")) times.push_back(cron_weekly(whole(*value)));
  if (const auto value = call.options.value("monthly"))
    times.push_back(cron_monthly(whole(*value)));
  if (!words.empty()) times.push_back(Cron::parse(join(words, " ")));
  if (times.size() != 1)
    throw Error(ErrorKind::kBadInput,
                times.empty()
                    ? "no time given: use a cron expression such as \"0 2 * * *\" or @daily, or "
                      "--daily 02:00, --weekly \"sun 02:00\", --monthly \"1 02:00\""
                    : "the time is given more than once");
  return times.front();
}

/// The given rules, or the default.
KeepRules keep_of(const Options& options) {
  std::vector<std::string> rules;
  for (const char* rule : {"last", "hourly", "daily", "weekly", "monthly", "yearly", "within"}) {
    const auto value = options.value(std::string("keep-") + rule);
    if (value) rules.push_back(std::string(rule) + "=" + *value);
  }
  return rules.empty() ? Schedule::default_keep() : KeepRules::parse(join(rules, ","));
}

/// Parses "offsite:daily=30,monthly=12,archive:yearly=10": Options joins repeated values with
/// commas.
std::map<std::string, KeepRules> keep_on_of(const Options& options) {
  std::map<std::string, std::string> texts;
  std::string target;
  for (std::string rule : split(options.value("keep-on").value_or(""), ',')) {
    const auto colon = rule.find(':');
    if (colon != std::string::npos) {
      target = rule.substr(0, colon);
      rule.erase(0, colon + 1);
      if (texts.contains(target))
        throw Error(ErrorKind::kBadInput, "--keep-on names " + printable(target) + " twice");
    } else if (target.empty() && !rule.empty()) {
      throw Error(ErrorKind::kBadInput,
                  "--keep-on takes a target and rules, such as offsite:daily=30,monthly=12, not '" +
                      printable(rule) + "'");
    }
    if (!target.empty()) texts[target] += (texts[target].empty() ? "" : ",") + rule;
  }
  std::map<std::string, KeepRules> keep_on;
  for (const auto& [name, text] : texts) keep_on[name] = KeepRules::parse(text);
  return keep_on;
}

void check_id(const std::string& id) {
  if (!valid_schedule_id(id))
    throw Error(ErrorKind::kBadInput,
                "invalid schedule name '" + printable(id) +
                    "': use lower-case letters, digits and dashes, beginning with a letter");
}

std::string words_of(const Schedule& schedule) {
  std::string zone = schedule.timezone;
  if (!Zone::is_known(zone))
    zone = zone_of(schedule).name() + " (" + printable(zone) + " is unknown here)";
  return describe(Cron::parse(schedule.cron), zone);
}

/// The id of an existing schedule with the same times and targets, otherwise the kind of the new
/// one. Throws Error, kBadInput, if that is taken: `--daily` again may mean a change or a second
/// schedule.
std::string default_id(const Settings& settings, const Schedule& schedule,
                       const std::string& kind) {
  std::vector<std::string> there;
  for (const auto& other : settings.schedules) {
    if (other.source.text() != schedule.source.text()) continue;
    if (other.cron == schedule.cron && other.timezone == schedule.timezone &&
        other.targets == schedule.targets)
      return other.id;
    there.push_back(other.id + " (" + words_of(other) + ")");
  }
  if (settings.find_schedule(schedule.source, kind) == nullptr) return kind;
  throw Error(ErrorKind::kBadInput, schedule.source.spelling() + " already has a schedule '" +
                                        kind + "' (existing: " + join(there, "; ") +
                                        "). To change it, repeat this with --id " + kind +
                                        "; to add another, use --id with a new name");
}

/// Its own targets, otherwise the current ones of its source.
std::vector<std::string> used_targets(const SettingsFile& settings_file, const Schedule& schedule) {
  return schedule.targets.empty() ? default_targets(settings_file.read(), schedule.source)
                                  : schedule.targets;
}

Schedule schedule_of(Call& call, const Source& source) {
  const Settings settings = call.state.settings.read();
  const Cron cron = cron_of(call);
  Schedule schedule;
  schedule.source = source;
  schedule.cron = cron.text();
  schedule.timezone = Zone(call.options.value("timezone").value_or(time_zone(settings))).name();
  schedule.keep = keep_of(call.options);
  schedule.keep_on = keep_on_of(call.options);
  if (const auto targets = call.options.value("target"))
    schedule.targets = parse_target_list(*targets);
  const auto used = used_targets(call.state.settings, schedule);
  require_targets(call.state.settings.read(), used);
  for (const auto& [target, rules] : schedule.keep_on) {
    if (std::find(used.begin(), used.end(), target) == used.end())
      throw Error(ErrorKind::kBadInput,
                  "--keep-on names " + printable(target) +
                      ", which is not one of its targets: " + join(used, ", "));
  }
  schedule.since = now();
  const auto id = call.options.value("id");
  schedule.id = id ? *id : default_id(settings, schedule, kind_of(cron));
  check_id(schedule.id);
  return schedule;
}

void put_schedule(SettingsFile& settings_file, const Schedule& schedule) {
  settings_file.change([&](Settings& settings) {
    auto& all = settings.schedules;
    const auto same = std::find_if(all.begin(), all.end(), [&](const Schedule& other) {
      return other.text() == schedule.text();
    });
    settings.forget_unclear_schedule(schedule.source, schedule.id);
    if (same == all.end()) {
      all.push_back(schedule);
    } else {
      // Setting the same schedule again, as scripts do, must not skip a run that is due.
      const bool unchanged = same->cron == schedule.cron && same->timezone == schedule.timezone &&
                             same->paused.empty();
      const Time since = unchanged ? same->since : schedule.since;
      *same = schedule;
      same->since = since;
    }
  });
}

std::string local_text(const Schedule& schedule, Time time) {
  const LocalMinute local = zone_of(schedule).local(time);
  const std::string text = rfc3339(std::chrono::seconds(local.time_since_epoch()).count());
  return text.substr(0, 10) + " " + text.substr(11, 5);
}

std::string keep_text(const Schedule& schedule) {
  std::string text = schedule.keep.to_text();
  for (const auto& [target, rules] : schedule.keep_on)
    text += "; on " + target + " " + rules.to_text();
  return text;
}

Json optional_time(const std::optional<Time>& time) { return time ? Json(rfc3339(*time)) : Json(); }

ScheduleStatus status_of(Call& call, const Schedule& schedule) {
  return schedule_status(call.state.catalog.open(), schedule);
}

Json to_json(Call& call, const Schedule& schedule, const ScheduleStatus& status) {
  Json json = schedule_to_json(schedule);
  json["source"] = schedule.source.text();
  json["words"] = words_of(schedule);
  json["used_targets"] = used_targets(call.state.settings, schedule);
  json["last_run"] = status.last ? Json(rfc3339(status.last->started_at)) : Json();
  json["last_status"] = status.last ? Json(kBackupStatuses[status.last->status]) : Json();
  json["last_success"] =
      optional_time(call.state.catalog.open().last_success(schedule.source, schedule.id, now()));
  json["next_run"] = optional_time(status.due);
  json["overdue"] = status.is_overdue(now());
  return json;
}

int set_schedule(Call& call) {
  const Source source = call.resolver.known_source(call.word(0));
  call.resolver.require_own_path(source, call.word(0));
  const Schedule schedule = schedule_of(call, source);
  put_schedule(call.state.settings, schedule);
  log::result("Schedule " + schedule.id + " of " + source.spelling() + ": " + words_of(schedule));
  log::detail("Keeps " + keep_text(schedule));
  for (const Time run : runs_after(schedule, schedule.since, kRunsShown))
    log::detail("Runs " + local_text(schedule, run));
  if (call.json) {
    print_json(to_json(call, schedule, status_of(call, schedule)));
  } else {
    print(schedule.id + "\n");
  }
  return 0;
}

/// The schedules of one source, or of all that the caller may see.
std::vector<Schedule> schedules_of(Call& call, const std::optional<Source>& source) {
  auto schedules = call.state.settings.read().schedules;
  std::set<std::string> allowed;
  if (source) {
    allowed.insert(source->text());
  } else {
    std::vector<Source> sources;
    for (const auto& schedule : schedules) sources.push_back(schedule.source);
    for (const auto& one : call.resolver.allowed(sources)) allowed.insert(one.text());
  }
  std::erase_if(schedules, [&](const Schedule& schedule) {
    return !allowed.contains(schedule.source.text());
  });
  return schedules;
}

std::string next_text(const Schedule& schedule, const ScheduleStatus& status) {
  if (!status.due) return "paused: " + schedule.paused;
  const std::string text = local_text(schedule, *status.due) + " " + zone_of(schedule).name();
  return (status.is_overdue(now()) ? "overdue since " : "") + text;
}

std::string last_text(const std::optional<ScheduleRun>& last) {
  if (!last) return "never";
  return kBackupStatuses[last->status] + (" " + human_duration(now() - last->started_at) + " ago");
}

std::vector<std::string> row_of(Call& call, const Schedule& schedule,
                                const ScheduleStatus& status) {
  return {schedule.source.spelling(), schedule.id,
          words_of(schedule),         join(used_targets(call.state.settings, schedule), ","),
          keep_text(schedule),        last_text(status.last),
          next_text(schedule, status)};
}

/// The schedules that are not fully understood, of sources that the caller may see.
void warn_of_unclear(Call& call, const std::optional<Source>& source) {
  for (const auto& unclear : unclear_settings(call.state.settings.read())) {
    if (unclear.schedule.empty()) continue;
    const auto colon = unclear.scope.find(':');
    const auto of =
        make_source(unclear.scope.substr(0, colon), unclear.scope.substr(colon + 1), "");
    const bool is_affected = of && (!source || of->text() == source->text());
    if (is_affected && !call.resolver.allowed({*of}).empty()) log::warn(unclear.message);
  }
}

void warn_of_cron() {
  const bool dokku = command_prefix() != "backups-helper ";
  log::warn(std::string("A schedule is overdue: cron may not be running. Check that it calls "
                        "backups-helper tick every minute: ") +
            (dokku ? "dokku cron:list --global" : "crontab -l") +
            " (see \"A schedule does not run\" in docs/troubleshooting.md)");
}

int list_schedules(Call& call) {
  std::optional<Source> source;
  if (!call.options.words().empty()) source = call.resolver.source(call.word(0));
  const auto schedules = schedules_of(call, source);
  warn_of_unclear(call, source);
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows = {
      {"SOURCE", "ID", "WHEN", "TARGETS", "KEEPS", "LAST", "NEXT"}};
  bool overdue = false;
  bool running = false;
  for (const auto& schedule : schedules) {
    const ScheduleStatus status = status_of(call, schedule);
    overdue = overdue || status.is_overdue(now());
    running = running || (status.last && status.last->status == BackupStatus::kInProgress);
    if (call.json) {
      json.push_back(to_json(call, schedule, status));
    } else {
      rows.push_back(row_of(call, schedule, status));
    }
  }
  if (call.json) {
    print_json({{"schedules", json}});
  } else if (schedules.empty()) {
    log::detail("No schedules yet. Create one: " + command("schedule") + " <source> --daily 02:00");
  } else {
    print(format_table(rows));
  }
  // Behind a run in progress, others may just be waiting.
  if (overdue && !running) warn_of_cron();
  return 0;
}

}  // namespace

Verb schedule_verb() {
  return {
      "schedule",
      "<source> <cron>|--daily TIME|--weekly \"DAY TIME\"|--monthly \"DAY TIME\" [--timezone TZ] "
      "[--target NAME]... [--keep-daily N] ...",
      "back up a source on a schedule",
      {1, 6},
      {{"daily", "TIME", "every day at this time, such as 02:00"},
       {"weekly", "DAY TIME", "every week, such as \"sun 02:00\""},
       {"monthly", "DAY TIME", "every month, such as \"1 02:00\""},
       {"timezone", "TZ",
        "time zone of the schedule (default: the property timezone or the host's)"},
       {"target", "NAME",
        "store it on this target; may be repeated (default: the property targets)", true},
       {"id", "ID",
        "name of the schedule; replaces one of that name (default: its kind, such as daily)"},
       {"keep-last", "N", "keep the newest N backups (default: 7 last and 7 daily and 4 weekly)"},
       {"keep-hourly", "N", "keep one backup of each of the last N hours that have one"},
       {"keep-daily", "N", "keep one backup of each of the last N days that have one"},
       {"keep-weekly", "N", "keep one backup of each of the last N weeks that have one"},
       {"keep-monthly", "N", "keep one backup of each of the last N months that have one"},
       {"keep-yearly", "N", "keep one backup of each of the last N years that have one"},
       {"keep-within", "TIME", "keep all backups younger than this, such as 30d"},
       {"keep-on", "TARGET:RULES", "different rules for one target, such as offsite:daily=30",
        true}},
      set_schedule};
}

Verb schedules_verb() {
  return {"schedules", "[<source>]", "list schedules with their last and next run",
          {0, 1},      {},           list_schedules};
}

}  // namespace backups
