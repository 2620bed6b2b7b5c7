#include "lifecycle/lifecycle.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include "backup/run_backup.hpp"
#include "backup/suspect.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/job_marks.hpp"
#include "hook/hook.hpp"
#include "host/targets.hpp"
#include "lifecycle/recover.hpp"
#include "notify/watch.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// The reason in Schedule::paused by which after_create() knows the pauses of after_destroy().
constexpr const char* kServiceDestroyed = "its service was destroyed";

/// A person who cancels one of the backups stops the whole operation.
void rethrow_if_cancelled(const Error& error) {
  if (error.kind() == ErrorKind::kCancelled && interrupt::by_person()) throw error;
}

std::string scope_of(const std::string& app) { return "app:" + app; }

/// Waits until no other operation holds the lock of the source, and reports that it waits.
Lock wait_for(State& state, const Source& source) {
  for (bool reported = false;; reported = true) {
    if (auto lock = state.locks.try_acquire(source, "create")) {
      recover_source(state, source, Reach::kHere);
      return std::move(*lock);
    }
    if (!reported)
      log::detail(source.spelling() + " is busy: waiting for the running operation to finish");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    interrupt::check();
  }
}

Manifest back_up(State& state, Lock lock, const Source& source, Trigger trigger,
                 const std::string& label, const Progress& progress) {
  Created created = run_backup(
      state, std::move(lock),
      {source, trigger, label, default_targets(state.settings.read(), source)}, progress);
  for (const auto& [target, error] : created.failed_copies) log::warn(error.what());
  warn_of_clock(state.catalog.open(), source);
  if (const auto text = suspicion_text(state.catalog, created.manifest); !text.empty())
    log::warn(text);
  return created.manifest;
}

/// Options for the create command of a datastore plugin. Its default image may be older than the
/// one that the backup was made of, and would then refuse the dump. Empty for an image that these
/// options cannot express.
std::string image_options(const std::string& image) {
  const auto colon = image.rfind(':');
  if (colon == std::string::npos || image.find('/', colon) != std::string::npos ||
      image.find('@') != std::string::npos)
    return "";
  return " --image " + shell_quote(image.substr(0, colon)) + " --image-version " +
         shell_quote(image.substr(colon + 1));
}

/// True if the newest good backup makes another one before a deploy unnecessary. It must be of the
/// current data of this host, and its age must be certain.
bool is_fresh(Catalog& catalog, const Source& source, std::int64_t max_age) {
  const auto latest = catalog.latest(source);
  if (!latest || latest->imported || latest->trigger == Trigger::kAdopt ||
      now() - latest->started_at > max_age)
    return false;
  if (lies_ahead(latest->started_at, now())) {
    log::detail(latest->id + " is dated in the future: its age is unknown");
    return false;
  }
  // A backup from before a restore does not contain the current data.
  if (JobMarks(catalog.database()).done_at(kReplaced + source.text()) >= latest->sequence)
    return false;
  log::detail("Skipped: backup " + latest->id + " is only " +
              human_duration(now() - latest->started_at) + " old");
  return true;
}

void back_up_for(State& state, const std::string& app, const Source& source,
                 const Progress& progress) {
  Lock lock = wait_for(state, source);
  if (is_fresh(state.catalog.open(), source,
               state.settings.read().seconds(scope_of(app), "before-deploy-max-age")))
    return;
  log::step("Backing up " + source.spelling() + " before the deploy of " + app);
  const Manifest made = back_up(state, std::move(lock), source, Trigger::kDeploy,
                                "before a deploy of " + app, progress);
  log::detail("Backup " + made.id + " done: " + human_size(made.stored_size()));
}

/// Applies `change` to the schedules of a service, by its type and name.
void change_schedules(SettingsFile& settings_file, const Source& source,
                      const std::function<bool(Schedule&)>& change) {
  bool any = false;
  for (const auto& schedule : settings_file.read().schedules)
    any = any || schedule.source.text() == source.text();
  if (!any) return;
  settings_file.change([&](Settings& settings) {
    for (auto& schedule : settings.schedules)
      if (schedule.source.text() == source.text() && change(schedule))
        log::detail("Schedule " + schedule.id + " of " + source.spelling() +
                    (schedule.paused.empty() ? " is resumed" : " is paused"));
  });
}

}  // namespace

std::vector<Source> linked_sources(const Hooks& installed, const Paths& paths,
                                   const std::string& app) {
  const Run run(paths, "links", {});
  HookLog log{{}};
  std::vector<Source> sources;
  for (const auto& line : split(query_hook(installed, run, log, "", "links", {app}), '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    if (const auto source = make_source(line.substr(0, colon), line.substr(colon + 1), ""))
      sources.push_back(*source);
  }
  return sources;
}

void before_deploy(State& state, const std::string& app, bool runs, const Progress& progress) {
  const Settings settings = state.settings.read();
  // A value that only a newer version understands may ask for a backup, so one is taken.
  if (settings.get(scope_of(app), "before-deploy") != "true" &&
      !settings.is_unclear(scope_of(app), "before-deploy"))
    return;
  // A deploy must not hang. The timeout ends a backup in the same way as a request to stop.
  interrupt::stop_after(
      std::chrono::seconds(settings.seconds(scope_of(app), "before-deploy-timeout")));
  try {
    for (const auto& source : linked_sources(state.hooks, state.paths, app))
      back_up_for(state, app, source, progress);
  } catch (const Error& error) {
    rethrow_if_cancelled(error);
    const std::string why = "the backup before the deploy of " + app + " failed: " + error.what();
    if (!runs || settings.get(scope_of(app), "before-deploy-failure") == "warn") {
      log::warn(why);
      log::warn(runs ? "The deploy continues because before-deploy-failure is warn"
                     : "The deploy continues because " + app + " is not running");
      return;
    }
    log::warn(why);
    log::warn(
        "The running containers are unchanged. The new image is already built: the next ps:restart "
        "or reboot would start it without a backup");
    log::warn("When the cause is fixed: dokku ps:rebuild " + app);
    log::warn("To deploy anyway: " + command("set") + " app:" + app +
              " before-deploy-failure warn, then deploy again");
    throw Error(ErrorKind::kRefused, "the deploy of " + app + " was stopped");
  }
}

void before_destroy(State& state, const Source& source, const Progress& progress) {
  const std::string mode = state.settings.read().get(source.text(), "final-backup");
  if (mode == "off") return;
  try {
    Lock lock = wait_for(state, source);
    log::step("Taking a final backup of " + source.spelling());
    const Manifest made = back_up(state, std::move(lock), source, Trigger::kFinal,
                                  "before it was destroyed", progress);
    log::result("Backup " + made.id + " done. To restore it: dokku " + source.type + ":create " +
                source.name + image_options(made.image) + ", then " + command("restore") + " " +
                source.type + ":" + made.id);
  } catch (const Error& error) {
    rethrow_if_cancelled(error);
    const std::string why = "the final backup of " + source.spelling() + " failed: ";
    if (mode == "on") {
      log::warn(why + error.what() +
                ". The service is destroyed anyway because final-backup is on");
      return;
    }
    throw Error(ErrorKind::kRefused, why + error.what() +
                                         ". The service was not destroyed. Fix the cause and "
                                         "destroy it again, or do so without a final backup: " +
                                         command("set") + " " + source.spelling() +
                                         " final-backup off");
  }
}

void after_destroy(SettingsFile& settings_file, Catalog& catalog, const Events& events,
                   const Source& source) {
  // The backups up to this mark are of the destroyed service. The next service of that name is
  // neither compared with them nor restored from them by default.
  const std::int64_t mark = catalog.next_sequence(now());
  for (const char* mark_name : {kReplaced, kDestroyed})
    JobMarks(catalog.database()).mark_done(mark_name + source.text(), mark);
  events.publish(BackupsChanged{});
  // The property must not apply to the next service of that name.
  if (!settings_file.read().own(source.text(), "final-backup").empty())
    settings_file.change(
        [&](Settings& settings) { settings.set(source.text(), "final-backup", ""); });
  change_schedules(settings_file, source, [](Schedule& schedule) {
    const bool changes = schedule.paused.empty();
    if (changes) schedule.paused = kServiceDestroyed;
    return changes;
  });
}

void after_create(SettingsFile& settings_file, const Source& source) {
  change_schedules(settings_file, source, [](Schedule& schedule) {
    const bool changes = schedule.paused == kServiceDestroyed;
    if (changes) schedule.resume(now());
    return changes;
  });
}

void app_renamed(SettingsFile& settings_file, const std::string& from, const std::string& to) {
  app_cloned(settings_file, from, to);
  app_destroyed(settings_file, from);
}

void app_cloned(SettingsFile& settings_file, const std::string& from, const std::string& to) {
  if (!settings_file.read().has_scope(scope_of(from))) return;
  settings_file.change(
      [&](Settings& settings) { settings.copy_scope(scope_of(from), scope_of(to)); });
}

void app_destroyed(SettingsFile& settings_file, const std::string& app) {
  if (!settings_file.read().has_scope(scope_of(app))) return;
  settings_file.change([&](Settings& settings) { settings.drop_scope(scope_of(app)); });
}

}  // namespace backups
