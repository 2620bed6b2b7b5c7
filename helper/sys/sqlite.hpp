#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace backups {

class Database;

/// A prepared statement. Parameters are bound in order with bind(); step() is true while there is a
/// row. Everything throws Error; a damaged database as kDamaged.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view value);
  Statement& bind(std::nullptr_t);
  template <typename T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind(nullptr);
  }

  bool step();
  /// Resets the statement for new parameters.
  void reset();
  /// Runs to the end, for statements without rows.
  void run();

  bool is_null(int column) const;
  std::int64_t number(int column) const;
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;
  std::optional<std::int64_t> optional_number(int column) const;

 private:
  struct Close {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement& bound(int code);

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Close> statement_;
  int bound_ = 0;
};

/// An open SQLite database file.
class Database {
 public:
  /// Opens or creates the file. Throws Error, kDamaged if it is not a database.
  explicit Database(const std::filesystem::path& path);

  /// A copy in memory of the file at `path` and of its write-ahead log, for a disk on which SQLite
  /// cannot open it because it is full or read-only: nobody else has it open then. Empty where
  /// there is no file, or no path. Throws Error as the other.
  static Database copy_of(const std::filesystem::path& path);

  /// Makes every further change throw Error, kNoSpace.
  void freeze();

  /// The file that is created when SQLite finds the database at `path` damaged, in any statement,
  /// so that the next process notices it.
  static std::filesystem::path damage_mark(const std::filesystem::path& path);
  /// Creates that file for invalid rows, which SQLite cannot detect.
  void found_damaged();

  void execute(const std::string& sql);
  std::int64_t last_insert_rowid() const;
  int changes() const;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Database(const std::string& name, int flags);

  std::unique_ptr<sqlite3, Close> database_;
};

/// While it exists, all queries see the same state, and need one lock instead of one each.
class Snapshot {
 public:
  explicit Snapshot(Database& database);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Database& database_;
};

/// BEGIN IMMEDIATE; rolls back when destroyed without commit().
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool done_ = false;
};

}  // namespace backups
