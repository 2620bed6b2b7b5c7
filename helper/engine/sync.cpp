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
    const Manifest manifest = parse_manifest(text.text);
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

}  // namespace

Synced sync_target(State& state, const std::string& target, const std::string& host) {
  Store& store = state.s3(target, host);
  Synced synced;
  Sizes sizes;
  std::set<std::string> unknown;
  std::set<std::string> there;
  for (const auto& entry : store.list("")) {
    sizes[entry.key] = entry.size;
    if (entry.key.find('/') != std::string::npos) unknown.insert(entry.key);
  }
  Catalog& catalog = state.catalog();
  for (const auto& manifest : read_manifests(store, sizes)) {
    const std::string problem = claim_files(manifest, sizes, unknown);
    const std::string text = manifest.source.type + ":" + manifest.id;
    auto backup = catalog.find(manifest.source.type, manifest.id);
    if (!backup) {
      state.adopt(catalog, manifest, target);
      backup = catalog.find(manifest.source.type, manifest.id);
      synced.adopted.push_back(text);
    }
    there.insert(text);
    if (!problem.empty()) synced.damaged.push_back(text + ": " + problem);
    synced.found += problem.empty() ? 1 : 0;
    catalog.mark_copy(*backup, {target, problem.empty() ? "success" : "damaged", problem,
                                manifest.stored_size(), host});
  }
  for (const auto& backup : catalog.list({})) {
    for (const auto& copy : backup.copies) {
      const bool ours = copy.target == target && copy.host == host && copy.status == "success";
      if (!ours || there.contains(backup.text())) continue;
      catalog.mark_copy(backup, {target, "missing", "it is no longer there", {}, host});
      synced.missing.push_back(backup.text());
    }
  }
  synced.unknown.assign(unknown.begin(), unknown.end());
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
