#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace backups {

/// The object under `key`; nothing if there is none, or if the credentials may not look.
std::optional<Store::Entry> find_existing(Store& store, const std::string& key);

/// The keys that one attempt writes to one target, noted on disk before each write begins. Whoever
/// cleans up after the attempt removes these keys, and nothing else next to them.
class Written {
 public:
  /// Reads `notes`, the file of a dead run, if it exists.
  explicit Written(std::filesystem::path notes);

  /// Notes that `key` will be written; `found` is what find_existing() found there. Throws KeyTaken
  /// if that is an object.
  void begin(const std::string& key, const std::optional<Store::Entry>& found);
  /// Removes a key that belongs to somebody else: put_new() found it taken.
  void forget(const std::string& key);

  bool empty() const { return keys_.empty(); }
  bool contains(const std::string& key) const;

  /// Removes all noted keys, the newest first: that is the manifest, without which the rest is no
  /// backup. Throws Error.
  void undo(Store& store);

 private:
  void note(const std::string& line) const;

  std::filesystem::path notes_;
  std::vector<std::string> keys_;
};

}  // namespace backups
