#include "engine/sync.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/artifact.hpp"
#include "engine/copy.hpp"
#include "engine/host.hpp"
#include "engine/strangers.hpp"
#include "engine/target.hpp"
#include "model/backup_id.hpp"
#include "store/s3.hpp"
#include "stream/text.hpp"

namespace backups {
namespace {

constexpr std::size_t kReaders = 8;

using Sizes = std::map<std::string, std::uint64_t>;  // by key

/// Why a backup is not whole, empty when it is; its keys are taken out of `unknown`.
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

std::optional<Manifest> read_manifest(Store& store, const std::string& key) {
  TextSink text;
  store.get(key, text);
  try {
    const Manifest manifest = checked_manifest(text.text);
    if (key == key_of(manifest.source, manifest_file(manifest.id))) return manifest;
  } catch (const Error& error) {
    log::warn(key + ": " + error.what());
  }
  return std::nullopt;
}

/// Of all the keys that name one, several at a time: what they cost is mostly the way there.
std::vector<Manifest> read_manifests(Store& store, const Sizes& sizes) {
  std::vector<std::string> keys;
  for (const auto& [key, size] : sizes)
    if (key.ends_with(".json")) keys.push_back(key);
  std::vector<std::optional<Manifest>> found(keys.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next++) < keys.size();) found[i] = read_manifest(store, keys[i]);
  };
  std::vector<std::future<void>> readers;
  for (std::size_t i = 0; i < std::min(kReaders, keys.size()); ++i)
    readers.push_back(std::async(std::launch::async, work));
  for (auto& reader : readers) reader.wait();
  for (auto& reader : readers) reader.get();
  std::vector<Manifest> manifests;
  for (auto& manifest : found)
    if (manifest) manifests.push_back(std::move(*manifest));
  return manifests;
}

/// One look below one name.
class Look {
 public:
  Look(State& state, const std::string& target, const std::string& host, Synced& synced)
      : state_(state), target_(target), host_(host), synced_(synced) {}

  void work() {
    // Before the listing: what changes meanwhile is told by that.
    Catalog::Filter all;
    all.deleted = true;
    for (auto& backup : state_.catalog().list(all))
      known_.emplace(backup.text(), std::move(backup));
    Store& store = state_.s3(target_, host_);
    for (const auto& entry : store.list("")) {
      sizes_[entry.key] = entry.size;
      if (entry.key.find('/') != std::string::npos) unknown_.insert(entry.key);
    }
    for (const auto& manifest : read_manifests(store, sizes_)) take(manifest);
    for (const auto& [text, backup] : known_) miss(backup);
    synced_.unknown.insert(synced_.unknown.end(), unknown_.begin(), unknown_.end());
  }

 private:
  void take(const Manifest& manifest) {
    const std::string text = manifest.source.type + ":" + manifest.id;
    there_.insert(text);
    std::string problem = claim_files(manifest, sizes_, unknown_);
    if (manifest.host != host_) problem = "its manifest is that of host " + manifest.host;
    if (is_strangers(state_, manifest, target_)) return synced_.foreign.push_back(text);
    const auto known = known_.find(text);
    if (known == known_.end()) return adopt(manifest, text, problem);
    const Backup& backup = known->second;
    if (!is_known_manifest(backup, manifest)) problem = tell_tampering(state_, backup, target_);
    const Copy* copy = backup.copy_on(target_);
    if (copy != nullptr && !copy->host.empty() && copy->host != host_ && copy->status == "success")
      return;  // that one counts, which lies elsewhere
    count(text, problem);
    const Copy seen{target_, problem.empty() ? "success" : "damaged", problem,
                    manifest.stored_size(), host_};
    if (state_.catalog().observe_copy(backup, seen) && backup.deleted_at && problem.empty())
      state_.catalog().revive(backup);
  }

  void adopt(const Manifest& manifest, const std::string& text, const std::string& problem) {
    if (state_.catalog().find(manifest.source.type, manifest.id)) return;  // made meanwhile
    state_.adopt(state_.catalog(), manifest, target_, host_);
    synced_.adopted.push_back(text);
    count(text, problem);
    if (!problem.empty())
      state_.catalog().mark_copy(*state_.catalog().find(manifest.source.type, manifest.id),
                                 {target_, "damaged", problem, {}, host_});
  }

  void count(const std::string& text, const std::string& problem) {
    if (!problem.empty()) synced_.damaged.push_back(text + ": " + problem);
    synced_.found += problem.empty() ? 1 : 0;
  }

  void miss(const Backup& backup) {
    const Copy* copy = backup.copy_on(target_);
    const bool expected =
        copy != nullptr && copy->host == host_ && copy->status == "success" && !backup.deleted_at;
    if (!expected || there_.contains(backup.text())) return;
    if (state_.catalog().observe_copy(backup,
                                      {target_, "missing", "it is no longer there", {}, host_}))
      synced_.missing.push_back(backup.text());
  }

  State& state_;
  const std::string& target_;
  const std::string host_;
  Synced& synced_;
  std::map<std::string, Backup> known_;  // by text()
  Sizes sizes_;
  std::set<std::string> unknown_;
  std::set<std::string> there_;
};

}  // namespace

Synced sync_target(State& state, const std::string& target, const std::string& host) {
  std::vector<std::string> names = {host};
  if (host.empty()) {
    const HostIdentity own = host_identity(state);
    names.assign(own.names.begin(), own.names.end());
    names.insert(names.end(), own.doubtful.begin(), own.doubtful.end());
  }
  Synced synced;
  for (const auto& name : names) Look(state, target, name, synced).work();
  return synced;
}

std::vector<std::string> hosts_on(State& state, const std::string& target) {
  std::set<std::string> hosts;
  for (const auto& entry : open_target(state, target, "")->list(""))
    if (const auto slash = entry.key.find('/'); slash != std::string::npos)
      hosts.insert(entry.key.substr(0, slash));
  return {hosts.begin(), hosts.end()};
}

}  // namespace backups
