#include "host/run.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "model/limits.hpp"
#include "sys/file.hpp"
#include "sys/self.hpp"

namespace backups {
namespace {

constexpr const char* kRecordFile = "run.json";
constexpr const char* kLockFile = "lock";

/// Queries leave nothing to clean up, and therefore need no record on a full disk.
bool is_query(const std::string& verb) {
  constexpr std::array kQuestions = {"list", "authorize", "describe", "links"};
  return std::find(kQuestions.begin(), kQuestions.end(), verb) != kQuestions.end();
}

/// Held while a run begins and while others look for live runs. Otherwise a run without its lock
/// yet would be taken for dead, or find its lock taken by whoever looks.
fs::path list_lock(const Paths& paths) { return paths.root / "locks" / "runs"; }

void read_members(const nlohmann::json& json, RunRecord& record) {
  record.verb = json.value("verb", "");
  record.source = {json.value("type", ""), json.value("name", ""), json.value("address", "")};
  record.backup = json.value("backup", "");
  record.place = json.value("place", "");
  record.hooks = json.value("hooks", "");
  if (!valid_type(record.hooks)) record.hooks.clear();
  record.safety = json.value("safety", "");
  record.replacing = json.value("replacing", false);
  record.late = json.value("late", false);
  record.target = json.value("target", "");
  record.host = json.value("host", "");
  record.swept = json.value("swept", false);
  record.pid = json.value("pid", 0);
  record.process_start = json.value("process_start", std::uint64_t{0});
  record.started_at = parse_rfc3339(json.value("started_at", "")).value_or(0);
}

/// A run without a valid record was killed before the record was written, so nothing had begun.
RunRecord read_record(const fs::path& directory) {
  RunRecord record;
  record.id = directory.filename().string();
  try {
    const std::string text = read_file(directory / kRecordFile).value_or("");
    if (!is_shallow(text)) return record;
    const auto json = nlohmann::json::parse(text, nullptr, false);
    RunRecord read = record;
    if (json.is_object()) read_members(json, read);
    return read;
  } catch (const nlohmann::json::exception&) {
    return record;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    return record;
  }
}

void write_record(const fs::path& directory, const RunRecord& record) {
  const nlohmann::ordered_json json = {{"verb", record.verb},
                                       {"type", record.source.type},
                                       {"name", record.source.name},
                                       {"address", record.source.address},
                                       {"backup", record.backup},
                                       {"place", record.place},
                                       {"hooks", record.hooks},
                                       {"safety", record.safety},
                                       {"replacing", record.replacing},
                                       {"late", record.late},
                                       {"target", record.target},
                                       {"host", record.host},
                                       {"swept", record.swept},
                                       {"pid", record.pid},
                                       {"process_start", record.process_start},
                                       {"started_at", rfc3339(record.started_at)}};
  write_file_atomically(directory / kRecordFile,
                        json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace

Run::Run(const Paths& paths, const std::string& verb, const Source& source) {
  record_.verb = verb;
  record_.source = source;
  record_.pid = ::getpid();
  record_.process_start = start_of(record_.pid).value_or(0);
  record_.started_at = now();
  record_.id = verb + "-" + id_time(record_.started_at) + "-" + random_hex(4);
  if (is_query(verb) && !has_disk_space(paths.root, kSpaceToRecord)) {
    directory_ = scratch_.emplace().path();
    return;
  }
  directory_ = paths.runs() / record_.id;
  const Lock list_guard = Lock::acquire(list_lock(paths));
  try {
    make_directories(directory_);
    lock_ = Lock::try_acquire(directory_ / kLockFile, verb);
    save();
  } catch (const Error&) {
    remove_tree(directory_);
    throw;
  }
}

Run::~Run() {
  if (!keep_) remove_tree(directory_);
}

void Run::set_backup(const std::string& id) {
  record_.backup = id;
  save();
}

void Run::set_place(const std::string& where) {
  record_.place = where;
  save();
}

void Run::set_hooks(const std::string& directory) {
  if (record_.hooks == directory) return;
  record_.hooks = directory;
  save();
}

void Run::set_safety(const std::string& id) {
  record_.safety = id;
  save();
}

void Run::set_replacing(bool replacing) {
  if (record_.replacing == replacing) return;
  record_.replacing = replacing;
  save();
}

void Run::set_late(bool late) {
  if (record_.late == late) return;
  record_.late = late;
  save();
}

void Run::set_target(const std::string& target, const std::string& host) {
  record_.target = target;
  record_.host = host;
  save();
}

void Run::save() const { write_record(directory_, record_); }

std::vector<RunRecord> list_runs(const Paths& paths, bool alive) {
  std::vector<RunRecord> records;
  std::optional<Lock> nobody_begins;
  try {
    nobody_begins = Lock::acquire(list_lock(paths));
  } catch (const Error& error) {
    // If the lock cannot be opened because the disk is read-only, no run can begin either.
    if (error.kind() != ErrorKind::kNoSpace) throw;
  }
  for (const auto& id : list_directory(paths.runs())) {
    const fs::path directory = paths.runs() / id;
    if (Lock::is_held(directory / kLockFile) == alive) records.push_back(read_record(directory));
  }
  return records;
}

std::optional<RunRecord> cancellable_run(const Paths& paths, const Source& source) {
  const auto runs = list_runs(paths, true);
  for (const std::string verb : {kCreateVerb, kRestoreVerb, kCopyVerb})
    for (const auto& run : runs)
      if (run.verb == verb && run.source.text() == source.text()) return run;
  return std::nullopt;
}

std::vector<RunRecord> unfinished_replacements(const Paths& paths, const Source& source) {
  auto found = list_runs(paths, false);
  std::erase_if(found, [&](const RunRecord& dead) {
    return !dead.replacing || dead.late || !(dead.source == source);
  });
  std::stable_sort(found.begin(), found.end(), [](const RunRecord& one, const RunRecord& other) {
    return one.started_at < other.started_at;
  });
  return found;
}

void rewrite_run(const Paths& paths, const RunRecord& record) {
  write_record(paths.runs() / record.id, record);
}

fs::path notes_of(const Paths& paths, const RunRecord& record) {
  return paths.runs() / record.id / "written";
}

void show_interrupted(const Paths& paths, std::vector<Backup>& backups) {
  const auto is_unfinished = [](const auto& one) {
    return one.status == decltype(one.status)::kInProgress;
  };
  const auto is_suspended = [&](const Backup& backup) {
    return is_unfinished(backup) ||
           std::any_of(backup.copies.begin(), backup.copies.end(), is_unfinished);
  };
  for (auto& backup : backups)
    for (auto& copy : backup.copies)
      if (backup.deleting && copy.may_be_there()) copy.status = CopyStatus::kDeleting;
  if (std::none_of(backups.begin(), backups.end(), is_suspended)) return;
  const auto alive = list_runs(paths, true);
  const auto is_at_work = [&](const Backup& backup) {
    return std::any_of(alive.begin(), alive.end(), [&](const RunRecord& run) {
      // A run that has just begun does not name its backup yet.
      return run.source.text() == backup.source.text() &&
             (run.backup.empty() || run.backup == backup.id);
    });
  };
  for (auto& backup : backups) {
    if (!is_suspended(backup) || is_at_work(backup)) continue;
    if (is_unfinished(backup)) {
      backup.status = BackupStatus::kFailed;
      backup.error = kInterrupted;
      backup.reason = FailureReason::kInterrupted;
    }
    for (auto& copy : backup.copies) {
      if (!is_unfinished(copy)) continue;
      copy.status = CopyStatus::kFailed;
      copy.error = kInterrupted;
    }
  }
}

void remove_run(const Paths& paths, const RunRecord& record) {
  remove_tree(paths.runs() / record.id);
}

}  // namespace backups
