#include "cli/verb_help.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"

namespace backups {
namespace {

constexpr int kNotFound = static_cast<int>(ErrorKind::kNotFound);
constexpr int kBusy = static_cast<int>(ErrorKind::kBusy);
constexpr int kStopped = static_cast<int>(ErrorKind::kStopped);
constexpr int kPaused = static_cast<int>(ErrorKind::kPaused);
constexpr int kKey = static_cast<int>(ErrorKind::kKey);
constexpr int kPartial = static_cast<int>(ErrorKind::kPartial);
constexpr int kRefused = static_cast<int>(ErrorKind::kRefused);
constexpr int kCancelled = static_cast<int>(ErrorKind::kCancelled);
constexpr int kUnreachable = static_cast<int>(ErrorKind::kUnreachable);

constexpr auto kCodes = std::to_array<ExitCode>({
    {0, "done"},
    {static_cast<int>(ErrorKind::kFailed), "failed"},
    {static_cast<int>(ErrorKind::kBadInput), "bad input"},
    {kNotFound, "source, backup, schedule or target not found"},
    {kBusy, "the source is busy"},
    {kStopped, "the service is not running"},
    {kPaused, "the service is paused"},
    {static_cast<int>(ErrorKind::kDamaged), "a backup or settings.json is damaged"},
    {kKey, "credentials missing or wrong"},
    {kPartial, "partly done"},
    {kRefused, "refused, or not confirmed: nothing was changed"},
    {kCancelled, "cancelled"},
    {kUnreachable, "a target or channel cannot be reached or denies access"},
    {static_cast<int>(ErrorKind::kNoSpace), "not enough disk space, or the disk is read-only"},
    {static_cast<int>(ErrorKind::kUnauthorised), "not authorised"},
});

/// The exit codes of every verb with a state directory.
constexpr std::array kOfEvery = {0,
                                 static_cast<int>(ErrorKind::kFailed),
                                 static_cast<int>(ErrorKind::kBadInput),
                                 static_cast<int>(ErrorKind::kDamaged),
                                 static_cast<int>(ErrorKind::kNoSpace),
                                 static_cast<int>(ErrorKind::kUnauthorised)};

VerbGroup back_up_group() {
  return {
      "Back up",
      {{"create",
        {"{}create postgres:my-db", "{}create postgres:my-db redis:cache --label before-upgrade",
         "{}create --all --quiet"},
        {kNotFound, kBusy, kStopped, kPaused, kPartial, kCancelled},
        {"list", "schedule", "restore"}},
       {"list",
        {"{}list", "{}list my-db --all", "{}list my-db --limit 5 --format json"},
        {kNotFound},
        {"info", "create"}},
       {"info",
        {"{}info my-db@latest", "{}info my-db-2026-11-30-02-00-04 --format json"},
        {kNotFound},
        {"list", "logs", "verify"}},
       {"logs", {"{}logs my-db@latest", "{}logs my-db@latest --follow"}, {kNotFound}, {"info"}},
       {"cancel", {"{}cancel my-db"}, {kNotFound}, {"create", "restore", "push"}},
       {"verify",
        {"{}verify my-db@latest", "{}verify my-db@latest --target offsite"},
        {kNotFound, kKey, kCancelled, kUnreachable},
        {"info", "sync"}},
       {"download",
        {"{}download my-db@latest >my-db.dump",
         "{}download my-db@latest --artifact globals >globals.sql"},
        {kNotFound, kKey, kCancelled, kUnreachable},
        {"info", "url"}},
       {"adopt",
        {"{}adopt postgres:my-db <my-db.dump",
         "{}adopt postgres:my-db --artifact shop --label from-old-host <shop.dump"},
        {kNotFound, kBusy, kCancelled},
        {"download", "restore"}},
       {"pin", {"{}pin my-db@latest"}, {kNotFound}, {"unpin", "prune"}},
       {"unpin", {"{}unpin my-db-2026-11-30-02-00-04"}, {kNotFound}, {"pin"}},
       {"delete",
        {"{}delete my-db-2026-11-30-02-00-04",
         "{}delete my-db-2026-11-30-02-00-04 --target offsite --force"},
        {kNotFound, kBusy, kKey, kRefused, kCancelled, kUnreachable},
        {"prune", "pin"}}}};
}

VerbGroup restore_group() {
  return {
      "Restore",
      {{"restore",
        {"{}restore my-db@latest --dry-run", "{}restore my-db@latest",
         "{}restore my-db@latest --into postgres:my-copy --force"},
        {kNotFound, kBusy, kStopped, kPaused, kKey, kPartial, kRefused, kCancelled, kUnreachable},
        {"list", "verify", "download"}}}};
}

VerbGroup schedule_group() {
  return {"Schedule",
          {{"schedule",
            {"{}schedule postgres:my-db --daily 02:00",
             "{}schedule postgres:my-db '0 */6 * * *' --id often --keep-last 8",
             "{}schedule my-db --weekly 'sun 03:00' --target offsite --keep-weekly 12"},
            {kNotFound},
            {"schedules", "unschedule", "prune"}},
           {"schedules", {"{}schedules", "{}schedules my-db"}, {kNotFound}, {"schedule"}},
           {"unschedule",
            {"{}unschedule my-db daily", "{}unschedule my-db --all"},
            {kNotFound},
            {"schedules", "pause"}},
           {"pause", {"{}pause my-db", "{}pause my-db daily"}, {kNotFound}, {"resume"}},
           {"resume", {"{}resume my-db", "{}resume my-db daily"}, {kNotFound}, {"pause"}},
           {"prune",
            {"{}prune my-db --dry-run", "{}prune --all"},
            {kNotFound, kBusy, kKey, kPartial, kCancelled, kUnreachable},
            {"pin", "schedule", "delete"}},
           {"accept", {"{}accept my-db"}, {kNotFound, kBusy}, {"list", "info"}}}};
}

VerbGroup off_site_group() {
  return {"Off-site",
          {{"target-add",
            {"echo \"$KEY:$SECRET\" | {}target-add offsite s3 --bucket my-backups",
             "echo \"$KEY:$SECRET\" | {}target-add b2 s3 --bucket my-backups "
             "--endpoint https://s3.us-west-004.backblazeb2.com --region us-west-004"},
            {kKey},
            {"target-test", "set"}},
           {"target-list", {"{}target-list", "{}target-list --format json"}, {}, {"target-add"}},
           {"target-set",
            {"{}target-set offsite storage-class STANDARD_IA",
             "echo \"$KEY:$SECRET\" | {}target-set offsite credentials"},
            {kNotFound, kBusy, kKey, kRefused},
            {"target-list", "target-test"}},
           {"target-remove",
            {"{}target-remove offsite"},
            {kNotFound, kBusy, kRefused},
            {"target-list"}},
           {"target-test",
            {"{}target-test offsite"},
            {kNotFound, kKey, kCancelled, kUnreachable},
            {"target-add", "target-set"}},
           {"push",
            {"{}push my-db@latest --target offsite"},
            {kNotFound, kBusy, kKey, kRefused, kCancelled, kUnreachable},
            {"sync", "url"}},
           {"sync",
            {"{}sync", "{}sync offsite --host old-host-1a2b3c4d"},
            {kNotFound, kKey, kPartial, kCancelled, kUnreachable},
            {"push", "list", "host"}},
           {"url",
            {"{}url my-db@latest", "{}url my-db@latest --expires 10m"},
            {kNotFound, kKey, kUnreachable},
            {"download", "push"}}}};
}

VerbGroup settings_group() {
  return {"Settings",
          {{"set",
            {"{}set --global notify-mail admin@example.com",
             "{}set postgres:my-db targets local,offsite", "{}set app:my-app before-deploy true"},
            {kNotFound},
            {"report"}},
           {"report",
            {"{}report --global", "{}report my-app", "{}report postgres:my-db"},
            {kNotFound},
            {"set"}},
           {"notify-test", {"{}notify-test"}, {kRefused, kCancelled, kUnreachable}, {"set"}},
           {"host", {"{}host", "{}host --keep"}, {}, {"sync"}},
           {"version", {"{}version"}, {}, {"help"}},
           {"help", {"{}help", "{}help restore"}, {}, {"version"}}}};
}

VerbGroup internal_group() {
  return {"Called by cron", {{"tick", {"backups-helper tick"}, {}, {"schedule", "schedules"}}}};
}

}  // namespace

const std::vector<VerbGroup>& verb_groups() {
  static const std::vector<VerbGroup> kGroups = {back_up_group(),  restore_group(),
                                                 schedule_group(), off_site_group(),
                                                 settings_group(), internal_group()};
  return kGroups;
}

const VerbHelp* find_verb_help(const std::string& verb) {
  for (const auto& group : verb_groups())
    for (const auto& help : group.verbs)
      if (verb == help.verb) return &help;
  return nullptr;
}

std::vector<ExitCode> exit_codes_of(const std::string& verb) {
  const VerbHelp* help = find_verb_help(verb);
  const bool stateless = verb == "help" || verb == "version";
  std::vector<ExitCode> found;
  for (const auto& code : kCodes) {
    const auto is_this = [&](int other) { return other == code.code; };
    const bool common = stateless
                            ? code.code == 0 || is_this(static_cast<int>(ErrorKind::kBadInput))
                            : std::any_of(kOfEvery.begin(), kOfEvery.end(), is_this);
    if (common || (help != nullptr && std::any_of(help->codes.begin(), help->codes.end(), is_this)))
      found.push_back(code);
  }
  return found;
}

}  // namespace backups
