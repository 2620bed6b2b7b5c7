#include "backup/suspect.hpp"

#include <algorithm>
#include <set>

#include "base/command.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/job_marks.hpp"
#include "copies/copying.hpp"
#include "copies/remove.hpp"
#include "host/run.hpp"
#include "model/target.hpp"
#include "notify/watch.hpp"

namespace backups {
namespace {

/// Thresholds for the earlier size. Dumps below kTiny are not compared, since even that of an empty
/// database has a few KiB. Dumps below kSmall must have shrunk twice as far to be suspect, since
/// much of them is not data but what the engine writes around it.
constexpr std::uint64_t kSmall = 16 * 1024;  // bytes
constexpr std::uint64_t kTiny = 4 * 1024;    // bytes
constexpr std::int64_t kFewRows = 100;       // with fewer, only the loss of all is suspect
/// After this many suspects in a row that resemble each other, the change counts as intended. At
/// least as many are made before the time of the reference ends, so that each alert named it.
constexpr std::size_t kRow = 5;
constexpr Time kProtection = 90 * 86400;  // how long a reference is kept

/// The features of a backup that are compared with those of another one.
struct Shape {
  std::string id;
  std::string engine;
  std::string version;
  std::string identity;
  std::optional<std::int64_t> rows;
  std::map<std::string, std::uint64_t> artifacts;  ///< plain bytes by name
};

Shape shape_of(const Manifest& manifest) {
  Shape shape{manifest.id,       manifest.engine, manifest.engine_version,
              manifest.identity, manifest.rows(), {}};
  for (const auto& artifact : manifest.artifacts)
    shape.artifacts[artifact.name] = artifact.raw_size;
  return shape;
}

/// The major version: "16" of "16.4 (Debian 16.4-1)".
std::string major(const std::string& version) { return version.substr(0, version.find('.')); }

bool collapsed(std::uint64_t now, std::uint64_t before, std::uint64_t percent) {
  return now * 100 < before * percent;
}

std::string shrunk(const std::string& what, const std::string& now, const std::string& before,
                   const std::string& id) {
  return "it has " + now + what + ", " + id + " had " + before + what;
}

std::string other_server(const Shape& now, const Shape& before) {
  if (!now.identity.empty() && !before.identity.empty() && now.identity != before.identity)
    return "its server is not the one of " + before.id;
  if (now.engine == before.engine && major(now.version) != major(before.version))
    return now.engine + " is " + now.version + " now, for " + before.id + " it was " +
           before.version;
  return "";
}

std::string less_rows(const Shape& now, const Shape& before, std::uint64_t percent) {
  if (!now.rows || !before.rows || *now.rows < 0 || *before.rows <= 0) return "";
  const bool emptied = *now.rows == 0 && percent > 0;
  const bool fewer =
      *before.rows >= kFewRows && collapsed(static_cast<std::uint64_t>(*now.rows),
                                            static_cast<std::uint64_t>(*before.rows), percent);
  if (!emptied && !fewer) return "";
  return shrunk(" rows", std::to_string(*now.rows), std::to_string(*before.rows), before.id);
}

std::uint64_t total_of(const Shape& shape) {
  std::uint64_t total = 0;
  for (const auto& [name, size] : shape.artifacts) total += size;
  return total;
}

bool has_shrunk(std::uint64_t now, std::uint64_t before, std::uint64_t percent) {
  if (before >= kSmall) return collapsed(now, before, percent);
  return before >= kTiny && collapsed(2 * now, before, percent);
}

/// Compares the total, and each artifact by itself: next to a large artifact, the loss of a small
/// one would hardly change the total.
std::string less_data(const Shape& now, const Shape& before, std::uint64_t percent) {
  if (percent == 0) return "";
  const std::uint64_t total = total_of(now);
  const std::uint64_t total_before = total_of(before);
  if (has_shrunk(total, total_before, percent))
    return shrunk("", human_size(total), human_size(total_before), before.id);
  for (const auto& [name, size] : before.artifacts) {
    const auto found = now.artifacts.find(name);
    if (found == now.artifacts.end())
      return "it lacks " + printable(name) + ", which " + before.id + " had";
    if (!has_shrunk(found->second, size, percent)) continue;
    return shrunk(" of " + printable(name), human_size(found->second), human_size(size), before.id);
  }
  return less_rows(now, before, percent);
}

/// The backup of that id, if it is known, and those that each refers to in turn.
std::vector<Backup> references(Catalog& catalog, const Source& source, const std::string& first) {
  std::vector<Backup> found;
  std::set<std::string> seen;
  for (std::string id = first; !id.empty() && seen.insert(id).second;) {
    const auto backup = catalog.find(source.type, id);
    if (!backup) break;
    found.push_back(*backup);
    id = backup->reference;
  }
  return found;
}

/// True once the reference need not be kept any longer. After the clock jumped ahead, it is.
bool is_over(Catalog& catalog, const Backup& reference) {
  const auto until = protected_until(catalog, reference);
  return until && *until <= now() && !has_leapt(catalog);
}

bool is_kept(Catalog& catalog, const Backup& reference) {
  return !reference.deleted_at && !reference.deleting && !is_over(catalog, reference);
}

/// What new backups of a source are compared with: the last good one or, after a restore, the one
/// that was restored.
class Measure {
 public:
  Measure(const SettingsFile& settings, Catalog& catalog, const Source& source)
      : catalog_(catalog),
        source_(source),
        percent_(settings.read().percent(source.text(), "suspect-below")),
        before_(catalog_.baseline(source)) {
    const JobMarks job_marks(catalog_.database());
    const std::int64_t replaced = job_marks.done_at(kReplaced + source.text());
    const std::int64_t destroyed = job_marks.done_at(kDestroyed + source.text());
    if (!before_ || replaced < before_->sequence || replaced <= destroyed) return;
    // After a restore, the source should contain what was restored. If the service was re-created
    // before that, its server is a different one on purpose.
    restored_ = catalog_.last_restored(source);
    moved_ = destroyed >= before_->sequence;
    from_ = replaced;
  }

  /// Why a backup may not contain what it should; empty if nothing was found.
  std::string of(const Shape& now, bool adopted) {
    if (!before_) return "";
    Shape before = shape_of(*before_);
    // Another host's backup is of another server anyway.
    std::string why = moved_ || before_->imported ? "" : other_server(now, before);
    if (!why.empty()) return why;
    if (restored_) before = shape_of(*restored_);
    if (adopted) {  // a single artifact, whose rows were not counted
      std::erase_if(before.artifacts,
                    [&](const auto& artifact) { return !now.artifacts.contains(artifact.first); });
      before.rows.reset();
    }
    return less_data(now, before, percent_);
  }

  /// True if the last kRow backups are suspects, and `now` resembles them as they resemble each
  /// other. Those that differ from each other must not stop retention for ever either: once the
  /// time of the last good one is over, they need not be alike.
  bool ends_row(const Shape& now) {
    auto row = catalog_.comparable(source_, static_cast<int>(kRow));
    if (row.size() < kRow || row.back().sequence <= std::max(before_->sequence, from_))
      return false;
    if (is_over(catalog_, *before_)) return true;
    Shape newer = now;
    for (const auto& older : row) {
      const Shape shape = shape_of(older);
      if (is_less(newer, shape)) return false;
      newer = shape;
    }
    return true;
  }

  /// The id of the last backup from before a collapse that `now` has not recovered from; empty if
  /// there is none. A collapse may follow another one, also while backups are suspect. Each
  /// reference has a reference itself, and the first one that still matters is returned, so that
  /// recovering from the second collapse does not hide the first. Nor does a restore, since a
  /// suspect may have been restored: only the return of the data does.
  std::string reference(const Shape& now, bool collapsed) {
    const auto newest = catalog_.comparable(source_, 1);
    // A backup of another source cannot be the reference of this one.
    const bool own = restored_ && restored_->source.text() == source_.text();
    if (own && is_kept(catalog_, *restored_) &&
        !less_data(now, shape_of(*restored_), percent_).empty())
      return restored_->id;
    if (!newest.empty() && !restored_ && is_kept(catalog_, newest.front()) &&
        is_less(now, shape_of(newest.front())))
      return newest.front().id;
    const std::string open = newest.empty() ? "" : newest.front().reference;
    for (const auto& backup : references(catalog_, source_, open))
      if (is_kept(catalog_, backup) && is_less(now, shape_of(backup))) return backup.id;
    if (!collapsed || !before_) return "";
    return own ? restored_->id : before_->id;
  }

 private:
  /// True if `now` lacks data that `before` had, or is of another server.
  bool is_less(const Shape& now, const Shape& before) const {
    return (!moved_ && !other_server(now, before).empty()) ||
           !less_data(now, before, percent_).empty();
  }

  Catalog& catalog_;
  const Source& source_;
  std::uint64_t percent_;
  std::optional<Backup> before_;
  std::optional<Backup> restored_;
  bool moved_ = false;     ///< the service was re-created since, and then restored into
  std::int64_t from_ = 0;  ///< sequence number of a restore since `before_`; 0: none
};

}  // namespace

bool is_comparable(const Manifest& manifest) {
  return manifest.trigger == Trigger::kManual || manifest.trigger == Trigger::kSchedule ||
         manifest.trigger == Trigger::kDeploy;
}

Suspicion suspicion(const Paths& paths, const SettingsFile& settings, Catalog& catalog,
                    const Manifest& manifest) {
  const bool adopted = manifest.trigger == Trigger::kAdopt;
  if (!is_comparable(manifest) && !adopted) return {};
  Measure measure(settings, catalog, manifest.source);
  const Shape shape = shape_of(manifest);
  std::string why = measure.of(shape, adopted);
  const bool unfinished = !adopted && !unfinished_replacements(paths, manifest.source).empty();
  if (unfinished) why = "a restore ended while it was replacing the data, which may be incomplete";
  if (adopted) return {why, ""};
  if (!why.empty() && !unfinished && measure.ends_row(shape)) why.clear();
  const std::string reference = measure.reference(shape, !why.empty());
  return {why, reference};
}

std::string suspicion_text(CatalogFile& catalog, const Manifest& manifest) {
  if (manifest.suspect.empty() && manifest.reference.empty()) return "";
  std::string text =
      manifest.id +
      (manifest.suspect.empty()
           ? " resembles the suspect backups before it and is now the reference for newer ones"
           : " is suspect: " + manifest.suspect +
                 ". Nothing older is removed until a good backup follows");
  try {
    const char* before = ". The last backup from before the change is ";
    for (const auto& backup : references(catalog.open(), manifest.source, manifest.reference)) {
      if (!is_kept(catalog.open(), backup)) continue;
      text += before + backup.id + ", which is kept";
      if (const auto until = protected_until(catalog.open(), backup))
        text += " until " + rfc3339(*until).substr(0, 10);
      before = "; the last one from before an earlier change is ";
    }
  } catch (const Error& error) {
    log::warn("The last backup from before the change could not be determined: " +
              std::string(error.what()));
  }
  return text + ". If the change is intended: " + command("accept") + " " +
         manifest.source.spelling();
}

std::optional<Time> protected_until(Catalog& catalog, const Backup& reference) {
  const auto since = catalog.referred_since(reference.source, reference.id);
  if (!since) return std::nullopt;
  return std::max(*since, reference.started_at) + kProtection;
}

std::map<std::string, Time> protected_backups(const Paths& paths, Catalog& catalog,
                                              const Source& source) {
  std::map<std::string, Time> protected_ones;
  for (const auto& dead : unfinished_replacements(paths, source))
    if (!dead.safety.empty()) protected_ones[dead.safety] = now() + kProtection;
  const auto newest = catalog.comparable(source, 1);
  if (newest.empty()) return protected_ones;
  for (const auto& backup : references(catalog, source, newest.front().reference))
    if (const auto until = protected_until(catalog, backup))
      protected_ones.emplace(backup.id, *until);
  return protected_ones;
}

namespace {

bool is_good_on(const Backup& backup, const std::string& target) {
  const Copy* copy = backup.copy_on(target);
  return copy != nullptr && copy->status == CopyStatus::kSuccess;
}

/// The suspects with a local copy that may be removed to free disk space, oldest first.
std::vector<Backup> spare_suspects(const Paths& paths, const Settings& settings, Catalog& catalog,
                                   const Source& source) {
  Catalog::Filter filter;
  filter.source = source;
  filter.status = BackupStatus::kSuccess;
  const auto protected_ones = protected_backups(paths, catalog, source);
  std::vector<Backup> spare;
  // The newest suspect is excluded: it may be the only backup of the current data.
  bool is_newest = true;
  for (const auto& backup : catalog.list(filter)) {
    if (backup.suspect.empty() || backup.is_safety_or_final() || is_being_copied(paths, backup))
      continue;
    if (!is_newest && is_good_on(backup, kLocalTarget) && !settings.is_pinned(backup.text()) &&
        !protected_ones.contains(backup.id))
      spare.push_back(backup);
    is_newest = false;
  }
  std::reverse(spare.begin(), spare.end());
  return spare;
}

}  // namespace

void free_suspects(const Paths& paths, const SettingsFile& settings_file, Identity& identity,
                   Targets& targets, CatalogFile& catalog, const Source& source,
                   std::uint64_t missing) {
  auto spare = spare_suspects(paths, settings_file.read(), catalog.open(), source);
  std::uint64_t freed = 0;
  const auto enough = std::find_if(spare.begin(), spare.end(), [&](const Backup& backup) {
    return (freed += backup.stored_size()) >= missing;
  });
  if (enough == spare.end()) return;
  spare.erase(enough + 1, spare.end());
  const Remover remover(paths, settings_file, identity, targets, catalog);
  for (const auto& backup : spare) {
    const bool elsewhere =
        std::any_of(backup.copies.begin(), backup.copies.end(), [](const Copy& copy) {
          return copy.target != kLocalTarget && copy.status == CopyStatus::kSuccess;
        });
    if (elsewhere) {
      remover.remove_copy(backup, kLocalTarget);
    } else {
      remover.remove_backup(backup);
    }
    log::step("Removed " + backup.id +
              " from local to free disk space: it is suspect, and so is a newer backup");
  }
}

std::vector<std::string> accept_suspects(SettingsFile& settings_file, Catalog& catalog,
                                         const Source& source) {
  std::vector<Backup> accepted;
  Catalog::Filter filter;
  filter.source = source;
  filter.deleted = true;
  for (const auto& backup : catalog.list(filter))
    if (!backup.suspect.empty() || !backup.reference.empty()) accepted.push_back(backup);
  // The manifests cannot change, and a catalog that is rebuilt from them finds the suspicion again.
  // Only the settings remember that it was accepted.
  if (!accepted.empty())
    settings_file.change([&](Settings& settings) {
      for (const auto& backup : accepted)
        if (!backup.deleted_at) settings.accepted.insert(backup.text());
    });
  std::vector<std::string> ids;
  for (const auto& backup : accepted) {
    catalog.accept(backup);
    if (backup.deleted_at || (backup.suspect.empty() && !ids.empty())) continue;
    catalog.record(backup, "accepted", backup.suspect, now());
    ids.push_back(backup.id);
  }
  return ids;
}

}  // namespace backups
