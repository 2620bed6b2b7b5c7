#include "copies/sync.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <set>
#include <span>

#include "archive/artifact.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "copies/copy.hpp"
#include "copies/strangers.hpp"
#include "host/manifest_file.hpp"
#include "host/stop_here.hpp"
#include "model/backup_id.hpp"
#include "model/source.hpp"
#include "store/s3/client.hpp"

namespace backups {
namespace {

constexpr std::size_t kReaders = 8;  // threads
constexpr std::size_t kAtOnce = 16;  // manifests in memory; one may have 8 MiB

using Sizes = std::map<std::string, std::uint64_t>;  // by key

/// Why a backup is incomplete; empty if it is complete. Removes its keys from `unknown`.
std::string claim_files(const Manifest& manifest, const Sizes& sizes,
                        std::set<std::string>& unknown) {
  std::string problem;
  unknown.erase(key_of(manifest.source, manifest_file(manifest.id)));
  for (const auto& artifact : manifest.artifacts) {
    const std::string key = key_of(manifest.source, artifact.file);
    const auto found = sizes.find(key);
    unknown.erase(key);
    if (found == sizes.end()) {
      problem = artifact.file + " is missing";
    } else if (found->second != artifact.stored_size) {
      problem = artifact.file + " has " + human_size(found->second) + " instead of " +
                human_size(artifact.stored_size);
    }
  }
  return problem;
}

struct ReadManifest {
  std::optional<Manifest> manifest;
  std::string problem;  ///< why it could not be read; empty if it was removed meanwhile
};

/// Reads one manifest. If it cannot be read (archived, forbidden, not a manifest), the others are
/// read nevertheless; a server that does not answer ends the sync.
ReadManifest read_manifest(Store& store, const std::string& key) {
  try {
    const auto text = read_manifest_text(store, key);
    if (!text) return {std::nullopt, ""};
    Manifest manifest = checked_manifest(*text);
    if (key != key_of(manifest.source, manifest_file(manifest.id)))
      return {std::nullopt, "it is the manifest of another backup"};
    return {std::move(manifest), ""};
  } catch (const S3Error& refusal) {
    return {std::nullopt, refusal.what()};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUnreachable || error.kind() == ErrorKind::kCancelled) throw;
    return {std::nullopt, error.what()};
  }
}

/// Reads these manifests, several at a time, since most of the time is spent waiting for the
/// server. Adds those that cannot be read to `unreadable`, by key, and those that are gone to
/// `gone`.
std::vector<Manifest> read_manifests(Store& store, std::span<const std::string> keys,
                                     std::map<std::string, std::string>& unreadable,
                                     std::vector<std::string>& gone) {
  std::vector<ReadManifest> found(keys.size());
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i; (i = next++) < keys.size();) found[i] = read_manifest(store, keys[i]);
  };
  std::vector<std::future<void>> readers;
  for (std::size_t i = 0; i < std::min(kReaders, keys.size()); ++i)
    readers.push_back(std::async(std::launch::async, run));
  for (auto& reader : readers) reader.wait();
  for (auto& reader : readers) reader.get();
  std::vector<Manifest> manifests;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (found[i].manifest) {
      manifests.push_back(std::move(*found[i].manifest));
    } else if (found[i].problem.empty()) {
      gone.push_back(keys[i]);
    } else {
      unreadable.emplace(keys[i], found[i].problem);
    }
  }
  return manifests;
}

/// The sync of the backups below one host name: compares what the target has with what the catalog
/// knew before.
class HostSync {
 public:
  /// `host_named`: a person named that host, and wants the backups of another machine, too.
  HostSync(Identity& identity, Targets& targets, CatalogFile& catalog, const Events& events,
           const std::string& target, const std::string& host, bool host_named, Synced& synced)
      : identity_(identity),
        targets_(targets),
        catalog_(catalog),
        events_(events),
        target_(target),
        host_(host),
        host_named_(host_named),
        synced_(synced) {}

  void run() {
    // Read before the target is listed. If a row changes in between, observe_copy() notices that,
    // and the row is left unchanged.
    for (auto& backup : all_backups()) known_.emplace(backup.text(), std::move(backup));
    Store& store = targets_.open(target_, host_);
    for (const auto& entry : store.list("")) {
      sizes_[entry.key] = entry.size;
      if (entry.key.find('/') != std::string::npos) unknown_.insert(entry.key);
    }
    for (const auto& backup : all_backups()) claim_unfinished(backup);
    stop_here("sync");
    std::vector<std::string> keys;
    for (const auto& [key, size] : sizes_)
      if (key.ends_with(".json")) keys.push_back(key);
    std::vector<std::string> gone;
    for (std::span<const std::string> rest = keys; !rest.empty();) {
      const std::size_t count = std::min(kAtOnce, rest.size());
      for (const auto& manifest : read_manifests(store, rest.first(count), unreadable_, gone))
        record_found(manifest);
      rest = rest.subspan(count);
    }
    for (const auto& key : gone) forget_files(key);
    for (const auto& [text, backup] : known_) record_missing(backup);
    for (const auto& [key, problem] : unreadable_) skip(key, problem);
    synced_.unknown.insert(synced_.unknown.end(), unknown_.begin(), unknown_.end());
  }

 private:
  std::vector<Backup> all_backups() {
    Catalog::Filter all;
    all.deleted = true;
    return catalog_.open().list(all);
  }

  /// The files of a copy that others made or removed while the target was listed are not unknown.
  void claim_unfinished(const Backup& backup) {
    const Copy* copy = backup.copy_on(target_);
    if (copy == nullptr || copy->host != host_) return;
    const auto known = known_.find(backup.text());
    const Copy* before = known == known_.end() ? nullptr : known->second.copy_on(target_);
    if (before == nullptr || before->status != copy->status || backup.deleting ||
        copy->status == CopyStatus::kInProgress || copy->status == CopyStatus::kDeleting)
      forget_files(key_of(backup.source, manifest_file(backup.id)));
  }

  void record_found(const Manifest& manifest) {
    const std::string text = manifest.source.type + ":" + manifest.id;
    there_.insert(text);
    std::string problem = claim_files(manifest, sizes_, unknown_);
    if (manifest.host != host_) problem = "its manifest is that of host " + manifest.host;
    if (is_strangers(identity_, manifest, target_) &&
        (!host_named_ || identity_.read().owns(host_)))
      return synced_.foreign.push_back(text);
    const auto known = known_.find(text);
    if (known == known_.end()) return adopt(manifest, text, problem);
    const Backup& backup = known->second;
    if (belongs_to_other_host(backup))
      return skip(key_of(manifest.source, manifest_file(manifest.id)),
                  "the catalog has another backup of that id" +
                      (backup.host.empty() ? "" : ", of host " + backup.host));
    if (!is_known_manifest(backup, manifest)) problem = publish_tampering(events_, backup, target_);
    const Copy* copy = backup.copy_on(target_);
    if (copy != nullptr && !copy->host.empty() && copy->host != host_ &&
        copy->status == CopyStatus::kSuccess)
      return;  // the good copy below another name counts
    count(text, problem);
    const Copy seen{target_, problem.empty() ? CopyStatus::kSuccess : CopyStatus::kDamaged, problem,
                    manifest.stored_size(), host_};
    if (catalog_.open().observe_copy(backup, seen) && backup.deleted_at && problem.empty())
      catalog_.open().revive(backup);
  }

  /// True if the catalog has a backup of another host under that id. An id is a name and a second,
  /// which the schedules of two hosts often share. A failed attempt has no host: then the id is
  /// ours if the name that is looked at is.
  bool belongs_to_other_host(const Backup& known) const {
    const HostIdentity own = identity_.read();
    return known.host.empty() ? !own.owns(host_) && !own.is_doubtful(host_) : known.host != host_;
  }

  void adopt(const Manifest& manifest, const std::string& text, const std::string& problem) {
    if (catalog_.open().find(manifest.source.type, manifest.id)) return;  // made meanwhile
    catalog_.adopt(manifest, target_, host_);
    synced_.adopted.push_back(text);
    count(text, problem);
    if (!problem.empty())
      catalog_.open().mark_copy(*catalog_.open().find(manifest.source.type, manifest.id),
                                {target_, CopyStatus::kDamaged, problem, {}, host_});
  }

  /// Reports a manifest that is not used. Files whose names begin like its own are not unknown.
  void skip(const std::string& key, const std::string& problem) {
    synced_.unreadable.push_back(key + ": " + problem);
    forget_files(key);
  }

  /// Removes the files of the backup with that manifest from the unknown ones.
  void forget_files(const std::string& manifest) {
    const std::string stem = manifest.substr(0, manifest.size() - std::string("json").size());
    std::erase_if(unknown_, [&](const std::string& other) { return other.starts_with(stem); });
  }

  void count(const std::string& text, const std::string& problem) {
    if (!problem.empty()) synced_.damaged.push_back(text + ": " + problem);
    synced_.found += problem.empty() ? 1 : 0;
  }

  /// Records as missing a copy that should be there, but is not.
  void record_missing(const Backup& backup) {
    const Copy* copy = backup.copy_on(target_);
    const bool expected = copy != nullptr && copy->host == host_ &&
                          copy->status == CopyStatus::kSuccess && !backup.deleted_at;
    // A copy whose manifest cannot be read now still exists.
    if (!expected || there_.contains(backup.text()) ||
        unreadable_.contains(key_of(backup.source, manifest_file(backup.id))))
      return;
    if (catalog_.open().observe_copy(
            backup, {target_, CopyStatus::kMissing, "it is no longer there", {}, host_}))
      synced_.missing.push_back(backup.text());
  }

  Identity& identity_;
  Targets& targets_;
  CatalogFile& catalog_;
  const Events& events_;
  const std::string& target_;
  const std::string host_;
  const bool host_named_;
  Synced& synced_;
  std::map<std::string, Backup> known_;  // by text()
  Sizes sizes_;
  std::set<std::string> unknown_;
  std::map<std::string, std::string> unreadable_;  // why, by key
  std::set<std::string> there_;
};

}  // namespace

Synced sync_target(Identity& identity, Targets& targets, CatalogFile& catalog, const Events& events,
                   const std::string& target, const std::string& host) {
  catalog.open();  // before a new host gets a name: see CatalogFile::rebuild()
  std::vector<std::string> names;
  if (host.empty()) {
    const HostIdentity own = identity.read();
    names.insert(names.end(), own.names.begin(), own.names.end());
    names.insert(names.end(), own.doubtful.begin(), own.doubtful.end());
  } else {
    names.push_back(host);
  }
  Synced synced;
  for (const auto& name : names)
    HostSync(identity, targets, catalog, events, target, name, !host.empty(), synced).run();
  events.publish(BackupsChanged{});
  return synced;
}

std::vector<std::string> hosts_on(Targets& targets, const std::string& target) {
  std::set<std::string> hosts;
  for (const auto& entry : targets.open_new(target, "")->list("")) {
    const std::string host = entry.key.substr(0, entry.key.find('/'));
    if (host != entry.key && entry.key.ends_with(".json") && valid_name(host)) hosts.insert(host);
  }
  return {hosts.begin(), hosts.end()};
}

}  // namespace backups
