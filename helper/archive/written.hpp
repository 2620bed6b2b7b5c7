#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace backups {

/// What is under `key`, as far as it can be seen.
std::optional<Store::Entry> look_at(Store& store, const std::string& key);

/// The keys that one attempt writes at one place, noted on disk before each is begun: whoever
/// cleans up after it removes those, and nothing else that lies beside them.
class Written {
 public:
  /// `notes` is read when it is there, as that of a run that died.
  explicit Written(std::filesystem::path notes);

  /// Notes that `key` will be written, where a look at it has `found` nothing. Throws KeyTaken
  /// where something is under it.
  void begin(const std::string& key, const std::optional<Store::Entry>& found);
  /// Somebody else's after all: put_new() has found it taken.
  void forget(const std::string& key);

  bool empty() const { return keys_.empty(); }
  bool contains(const std::string& key) const;

  /// Removes all of it, the newest first, which is the manifest: without it the rest is no backup.
  /// Throws Error.
  void undo(Store& store);

 private:
  void note(const std::string& line) const;

  std::filesystem::path notes_;
  std::vector<std::string> keys_;
};

}  // namespace backups
