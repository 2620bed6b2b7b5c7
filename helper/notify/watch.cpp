#include "notify/watch.hpp"

#include <map>
#include <set>

#include "base/command.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/job_marks.hpp"
#include "host/targets.hpp"

namespace backups {
namespace {

constexpr const char* kSeen = "clock";         // the mark for the time that was seen last
constexpr const char* kLeapt = "clock leapt";  // the mark for the last jump
constexpr Time kLeap = 7 * kDay;
constexpr std::size_t kNamed = 3;  // backups that a message names

/// Nobody can tell from the times alone whether the clock or the backup is wrong, so that the
/// message covers both.
std::string advice(const std::vector<Backup>& ahead) {
  std::vector<std::string> named;
  for (const auto& backup : ahead)
    if (named.size() < kNamed) named.push_back(backup.text());
  return "the clock says " + rfc3339(now()) + ", but " + std::to_string(ahead.size()) +
         " backup(s) have a later time: " + join(named, ", ") +
         (ahead.size() > kNamed ? ", ..." : "") +
         ". Until then, nothing of their sources is removed by age. If the clock is wrong, set it; "
         "if it is right, they were made while it was ahead: when you no longer need them, " +
         command("delete") + " " + named.front();
}

}  // namespace

void watch_clock(Catalog& catalog) {
  const JobMarks job_marks(catalog.database());
  const Time time = now();
  const Time seen = job_marks.done_at(kSeen);
  if (seen > 0 && time > seen + kLeap) {
    log::warn("The clock jumped from " + rfc3339(seen) + " to " + rfc3339(time) +
              " at once: nothing is removed by age for a day");
    job_marks.mark_done(kLeapt, time);
  }
  // Once an hour is enough to notice a jump of a week, and spares the disk.
  if (time > seen + kHour || lies_ahead(seen, time)) job_marks.mark_done(kSeen, time);
}

bool has_leapt(Catalog& catalog) {
  const Time leapt = JobMarks(catalog.database()).done_at(kLeapt);
  return leapt > 0 && !lies_ahead(leapt, now()) && now() < leapt + kDay;
}

void warn_of_clock(Catalog& catalog, const Source& source) {
  auto ahead = catalog.from_the_future(now());
  std::erase_if(ahead, [&](const Backup& backup) {
    return backup.source.type != source.type || backup.source.name != source.name;
  });
  if (!ahead.empty()) log::warn(advice(ahead));
}

void publish_clock_problem(const Events& events, Catalog& catalog) {
  const auto ahead = catalog.from_the_future(now());
  if (ahead.empty()) {
    events.publish(ProblemSolved{
        {.kind = AlertKind::kClock, .message = "no backup has a later time than the clock"}});
  } else {
    events.publish(Problem{{.kind = AlertKind::kClock, .message = advice(ahead)}, true});
  }
}

void publish_unclear_settings(const Events& events, const SettingsFile& settings) {
  // One alert for each subject, with all its messages: an incident is identified by its subject.
  std::map<std::string, Alert> alerts;
  for (const auto& unclear : unclear_settings(settings.read())) {
    Alert alert{.kind = AlertKind::kSettings,
                .source = unclear.scope == Settings::kGlobal ? "" : unclear.scope,
                .schedule = unclear.schedule};
    alert = alerts.try_emplace(subject_of(alert), alert).first->second;
    alert.message += (alert.message.empty() ? "" : "; ") + unclear.message;
    alerts[subject_of(alert)] = alert;
  }
  std::set<std::string> left;
  for (const auto& [subject, alert] : alerts) left.insert(subject);
  events.publish(ProblemsLeft{AlertKind::kSettings, left, "the settings are valid"});
  for (const auto& [subject, alert] : alerts) events.publish(Problem{alert, true});
}

}  // namespace backups
