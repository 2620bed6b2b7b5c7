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

/// Thrown where a new object was to be put and its key is taken: what is there was not written by
/// whoever put, and is unchanged.
class KeyTaken : public Error {
 public:
  explicit KeyTaken(const std::string& message) : Error(ErrorKind::kRefused, message) {}
};

/// Thrown by a look at one key where the place takes files from us and shows none.
class KeyHidden : public Error {
 public:
  explicit KeyHidden(const Error& error) : Error(error.kind(), error.what()) {}
};

/// What only some Stores can do: each is asked for with a function of Store.

/// A link with which anybody can read an object.
struct Link {
  std::string url;
  Time expires;
};

class Presigner {
 public:
  virtual ~Presigner() = default;
  /// Good for that many seconds (1 to 7 days), or for as long as the credentials are. Makes no
  /// request. Throws Error, kBadInput.
  virtual Link presign(const std::string& key, std::int64_t seconds) = 0;
};

class UploadSweeper {
 public:
  virtual ~UploadSweeper() = default;
  /// Ends the unfinished uploads of the keys that are `stale`, which is asked when all of them are
  /// known. Returns how many. Throws Error.
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
  /// Tries each right that a backup needs, with small objects that are removed again. Does not
  /// throw for what it finds out.
  virtual std::vector<Check> probe() = 0;
};

class ObjectLock {
 public:
  virtual ~ObjectLock() = default;
  /// Of a lock that only its owner can end.
  static constexpr Time kForever = std::numeric_limits<Time>::max();
  /// Until when the place keeps the object from being deleted; nothing where it does not.
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

  /// What is written appears under `key` whole and durable when finish() returns, replacing what
  /// was there; before, nothing of it can be seen. `expected`: about so many bytes may come, for a
  /// place that has to plan for them. Throws Error, kRefused, when so many can't fit there.
  virtual std::unique_ptr<Sink> put(const std::string& key,
                                    std::optional<std::uint64_t> expected) = 0;
  std::unique_ptr<Sink> put(const std::string& key) { return put(key, std::nullopt); }

  /// The same for an object that must not be there yet: finish() throws KeyTaken when it is and the
  /// place can tell.
  virtual std::unique_ptr<Sink> put_new(const std::string& key,
                                        std::optional<std::uint64_t> expected) = 0;
  std::unique_ptr<Sink> put_new(const std::string& key) { return put_new(key, std::nullopt); }

  /// Puts a complete local file, which is read again where a part has to be sent again.
  virtual void put_file(const std::string& key, const std::filesystem::path& file);
  /// The same, and throws KeyTaken as put_new() does.
  virtual void put_new_file(const std::string& key, const std::filesystem::path& file);

  /// Of the object whose put ended last; empty where there is none.
  virtual std::string last_etag() const { return {}; }

  /// Writes the whole object to `sink`, without finishing it. False when there is none.
  virtual bool get(const std::string& key, Sink& sink) = 0;

  /// The object under `key`, nothing when there is none. Throws KeyHidden.
  virtual std::optional<Entry> find(const std::string& key) = 0;

  /// Everything below `prefix` (a directory, "postgres/my-db"), sorted by key, unfinished files
  /// left out.
  virtual std::vector<Entry> list(const std::string& prefix) = 0;

  /// True once something was removed that the place only hides, and keeps.
  virtual bool keeps_removed() const { return false; }

  /// Removes it durably; one that is not there is fine.
  virtual void remove(const std::string& key) = 0;

  /// Ends what interrupted puts of exactly this key have left; the object itself is kept.
  virtual void abandon(const std::string& key) = 0;

  // What this one can do beyond that; null: it can't.
  virtual Presigner* presigner() { return nullptr; }
  virtual UploadSweeper* upload_sweeper() { return nullptr; }
  virtual Prober* prober() { return nullptr; }
  virtual ObjectLock* object_lock() { return nullptr; }

  /// Where its credentials came from, for a person; empty where it needs none.
  virtual std::string credentials_origin() const { return {}; }
};

}  // namespace backups
