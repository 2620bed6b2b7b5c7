#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "stream/sink.hpp"
#include "sys/clock.hpp"

namespace backups {

/// Thrown if a new object is put under a key that is taken. The existing object was not written by
/// the caller, and is unchanged.
class KeyTaken : public Error {
 public:
  explicit KeyTaken(const std::string& message) : Error(ErrorKind::kRefused, message) {}
};

/// Thrown when a key is looked up on a target that allows writing but not reading.
class KeyHidden : public Error {
 public:
  explicit KeyHidden(const Error& error) : Error(error.kind(), error.what()) {}
};

/// Abilities that only some stores have; Store has a function that returns each, or null.

/// A link with which anybody can read an object.
struct Link {
  std::string url;
  Time expires;
};

class Presigner {
 public:
  virtual ~Presigner() = default;
  /// The link is valid for that many seconds (1 s to 7 days), but no longer than the credentials.
  /// Makes no request. Throws Error, kBadInput.
  virtual Link presign(const std::string& key, std::int64_t seconds) = 0;
};

class UploadSweeper {
 public:
  virtual ~UploadSweeper() = default;
  /// Aborts the unfinished uploads of keys for which `stale` returns true; it is called after all
  /// of them were listed. Returns how many were aborted. Throws Error.
  virtual std::size_t end_uploads(const std::function<bool(const std::string& key)>& stale) = 0;
};

class Prober {
 public:
  struct Check {
    enum class Outcome { kWorks, kFails, kLacks, kSkipped };
    /// "write", "read", "list", "delete" and what else the place knows, as "multipart"
    std::string name;
    Outcome outcome;      ///< kLacks: works without it, kSkipped: an earlier one is missing
    std::string message;  ///< what it means and what to do; empty when it works
  };
  virtual ~Prober() = default;
  /// Tries everything that backups need, with small objects that are removed again. A failed check
  /// is a result and not an exception.
  virtual std::vector<Check> probe() = 0;
};

class ObjectLock {
 public:
  virtual ~ObjectLock() = default;
  /// Of a lock that only its owner can end.
  static constexpr Time kForever = std::numeric_limits<Time>::max();
  /// Until when the object is protected from deletion; nothing if it is not.
  virtual std::optional<Time> locked_until(const std::string& key) = 0;
};

/// A place that holds files of backups under keys: "<type>/<name>/<file>". Every key must be made
/// of valid components (helper/FORMAT.md); a key with "..", an empty or a hidden component is an
/// Error of kind kBadInput. Safe to use from one thread at a time.
class Store {
 public:
  struct Entry {
    std::string key;
    std::uint64_t size;  ///< bytes
    std::string etag{};  ///< the server's name for these very bytes; empty where there is none
  };

  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// The object appears under `key`, complete and durable, when finish() returns, and replaces the
  /// existing one; before, nothing of it is visible. `expected` is the approximate size, for stores
  /// that must plan their parts. Throws Error, kRefused, if an object of that size does not fit.
  virtual std::unique_ptr<Sink> put(const std::string& key,
                                    std::optional<std::uint64_t> expected) = 0;
  std::unique_ptr<Sink> put(const std::string& key) { return put(key, std::nullopt); }

  /// Like put(), for an object that must not exist yet: finish() throws KeyTaken if it does and the
  /// store can tell.
  virtual std::unique_ptr<Sink> put_new(const std::string& key,
                                        std::optional<std::uint64_t> expected) = 0;
  std::unique_ptr<Sink> put_new(const std::string& key) { return put_new(key, std::nullopt); }

  /// Puts a complete local file, which is read again if a part must be sent again.
  virtual void put_file(const std::string& key, const std::filesystem::path& file);
  /// Like put_file(), and throws KeyTaken as put_new() does.
  virtual void put_new_file(const std::string& key, const std::filesystem::path& file);

  /// The ETag of the object that was put last; empty if the store has none.
  virtual std::string last_etag() const { return {}; }

  /// Writes the complete object to `sink`, without finishing it. Returns false if it does not
  /// exist.
  virtual bool get(const std::string& key, Sink& sink) = 0;

  /// The object under `key`, nothing if it does not exist. Throws KeyHidden.
  virtual std::optional<Entry> find(const std::string& key) = 0;

  /// All objects below `prefix` (a directory, "postgres/my-db"; empty: all), sorted by key, without
  /// unfinished ones.
  virtual std::vector<Entry> list(const std::string& prefix) = 0;

  /// True if a removed object was only hidden, as in a versioned bucket.
  virtual bool keeps_removed() const { return false; }

  /// Removes an object durably. It need not exist.
  virtual void remove(const std::string& key) = 0;

  /// Removes what interrupted puts of exactly this key left. The object itself is kept.
  virtual void abandon(const std::string& key) = 0;

  // Abilities beyond that; null if the store does not have them.
  virtual Presigner* presigner() { return nullptr; }
  virtual UploadSweeper* upload_sweeper() { return nullptr; }
  virtual Prober* prober() { return nullptr; }
  virtual ObjectLock* object_lock() { return nullptr; }

  /// The origin of its credentials, for a message; empty if it needs none.
  virtual std::string credentials_origin() const { return {}; }
};

}  // namespace backups
