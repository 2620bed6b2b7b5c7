#include "copies/copy.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "host/manifest_file.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "stream/digest.hpp"
#include "sys/clock.hpp"
#include "sys/disk_space.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// The copies that may be read, in the order in which to try them: good ones first, and the local
/// one before others. Damaged and missing ones are last but included, since they may have been
/// repaired and every byte is checked in any case.
std::vector<Copy> holders(const Backup& backup, const std::string& except) {
  std::vector<Copy> found;
  for (const auto& copy : backup.copies) {
    if (copy.was_made() && copy.target != except) found.push_back(copy);
  }
  const auto is_local = [](const Copy& copy) { return copy.target == kLocalTarget; };
  const auto is_good = [](const Copy& copy) { return copy.status == CopyStatus::kSuccess; };
  std::stable_partition(found.begin(), found.end(), is_local);
  std::stable_partition(found.begin(), found.end(), is_good);
  return found;
}

/// Instructions for a person who has nothing but the bucket: written once, below the host's name.
constexpr const char* kRecoveryFile = "RECOVERY.md";
constexpr const char* kRecoveryText = R"(# How to restore data from here with standard tools

Every backup is a manifest, `<type>/<name>/<id>.json`, and the files that it names, next to it. A backup without its
manifest is incomplete. The suffix of a file tells its compression: `.zst` opens with `zstd -d`, `.gz` with `gzip -d`.

1. Download the manifest and the files of the backup, with any S3 client: `aws s3 cp --recursive`, `rclone copy`.
2. Compare `sha256sum` of each file with `stored_sha256` in the manifest.
3. Run the `open_command` of each artifact, in the order of the manifest: it needs the client of the database and nothing else.

With the plugin on a new host: `dokku backups:target-add`, then `dokku backups:sync <target> --host <the name of this
folder>`, then `dokku backups:restore <type>:<id>`. A SQLite file has no known path there: add `--into sqlite:<path>`.
)";

/// A copy is complete without the note, so that a failure is a warning.
void leave_recovery_note(Store& store) {
  try {
    // Credentials that only allow writing cannot look for it first.
    const auto file = store.put_new(kRecoveryFile);
    file->write(kRecoveryText);
    file->finish();
  } catch (const KeyTaken&) {
  } catch (const Error& error) {
    log::warn(std::string(kRecoveryFile) + " could not be written: " + error.what());
  }
}

/// True for errors that concern one copy. Any other, such as a full disk, would occur with the next
/// copy, too.
bool other_copy_may_help(ErrorKind kind) {
  return kind == ErrorKind::kDamaged || kind == ErrorKind::kUnreachable || kind == ErrorKind::kKey;
}

}  // namespace

Store& store_of(Targets& targets, const Backup& backup, const std::string& target) {
  const Copy* copy = backup.copy_on(target);
  return targets.open(target, copy == nullptr ? "" : copy->host);
}

bool is_known_manifest(const Backup& backup, const Manifest& manifest) {
  return backup.manifest_sha256.empty() || backup.manifest_sha256 == sha256(manifest.bytes);
}

std::string publish_tampering(const Events& events, const Backup& backup,
                              const std::string& target) {
  const std::string message = "the manifest of " + backup.id + " on " + target +
                              " is not the one that was written: it was replaced";
  events.publish(Problem{{.kind = AlertKind::kTampering,
                          .source = backup.source.text(),
                          .backup = backup.id,
                          .target = target,
                          .message = message}});
  return message;
}

Manifest known_manifest(const Events& events, Store& store, const Backup& backup,
                        const std::string& target) {
  Manifest manifest = load_manifest(store, backup.source, backup.id);
  if (is_known_manifest(backup, manifest)) return manifest;
  throw Error(ErrorKind::kDamaged, publish_tampering(events, backup, target));
}

std::string nearest(const Backup& backup) {
  const auto copies = holders(backup, {});
  return copies.empty() ? kLocalTarget : copies.front().target;
}

void require_copy(const Backup& backup, const std::string& target) {
  for (const auto& copy : backup.copies)
    if (copy.target == target && copy.status != CopyStatus::kDeleted) return;
  throw Error(ErrorKind::kNotFound, backup.id + " has no copy on '" + printable(target) +
                                        "': see " + command("info") + " " + backup.text());
}

void mark_damage(Catalog& catalog, const Backup& backup, const std::string& target,
                 const Error& error) {
  if (error.kind() != ErrorKind::kDamaged) return;
  // A deletion removes the files while this process reads them. That is not damage.
  const auto current = catalog.find(backup.source.type, backup.id);
  if (!current || current->deleted_at || current->deleting)
    throw Error(ErrorKind::kNotFound, backup.id + " was deleted meanwhile");
  record_if_space("The copy of " + backup.id + " on " + target + " is damaged", [&] {
    if (catalog.observe_copy(backup, {target, CopyStatus::kDamaged, error.what(), {}}))
      catalog.record(backup, "damaged", target + ": " + error.what(), now());
  });
}

void try_copies(Targets& targets, CatalogFile& catalog, const Backup& backup,
                const std::function<void(Store&, const std::string&)>& use,
                const std::string& except) {
  const auto copies = holders(backup, except);
  if (copies.empty())
    throw Error(ErrorKind::kDamaged,
                backup.id + " has no good copy: see " + command("info") + " " + backup.text());
  for (const auto& copy : copies) {
    try {
      use(store_of(targets, backup, copy.target), copy.target);
      return;
    } catch (const StopFallback&) {
      throw;
    } catch (const Error& error) {
      mark_damage(catalog.open(), backup, copy.target, error);
      if (copy.target == copies.back().target || !other_copy_may_help(error.kind())) throw;
      log::warn("The copy on " + copy.target + " cannot be used (" + error.what() +
                "): trying the next");
    }
  }
}

Manifest any_manifest(Targets& targets, CatalogFile& catalog, const Events& events,
                      const Backup& backup) {
  Manifest manifest;
  try_copies(targets, catalog, backup, [&](Store& store, const std::string& target) {
    manifest = known_manifest(events, store, backup, target);
  });
  return manifest;
}

void record_copy(Targets& targets, CatalogFile& catalog, const Backup& backup,
                 const std::string& target, const std::string& host, const std::string& etag) {
  std::string by;
  if (target != kLocalTarget) {
    leave_recovery_note(targets.open(target, host));
    if (const auto origin = targets.open(target, host).credentials_origin(); !origin.empty())
      by = ", credentials: " + origin;
  }
  // The row of a new backup was read before its manifest was written, and does not have the size.
  // Without one here, the catalog keeps the size that it has.
  const auto size = backup.artifacts.empty() ? std::nullopt : std::optional(backup.stored_size());
  catalog.open().mark_copy(backup, {target, CopyStatus::kSuccess, "", size, host, etag});
  catalog.open().record(backup, "copied", "to " + target + by, now());
}

}  // namespace backups
