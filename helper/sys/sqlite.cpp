#include "sys/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <chrono>
#include <thread>

#include "base/error.hpp"
#include "sys/disk_space.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

ErrorKind kind_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::kDamaged;
    case SQLITE_FULL:
      return ErrorKind::kNoSpace;
    case SQLITE_BUSY:
      return ErrorKind::kBusy;
    default:
      return code == SQLITE_IOERR_SHMSIZE ? ErrorKind::kNoSpace : ErrorKind::kFailed;
  }
}

void mark_damaged(const std::string& name) {
  if (name.empty()) return;
  const Fd mark(::open(Database::damage_mark(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

[[noreturn]] void fail(sqlite3* database, int code) {
  if ((code & 0xFF) == SQLITE_BUSY) interrupt::check();  // wait_for_another() may have given up
  const char* named = database ? sqlite3_db_filename(database, "main") : nullptr;
  const std::string name = named ? named : "";
  const bool frozen = name.empty() && (code & 0xFF) == SQLITE_READONLY;
  const ErrorKind kind = frozen ? ErrorKind::kNoSpace : kind_of(code);
  if (kind == ErrorKind::kDamaged) mark_damaged(name);
  if (frozen)
    throw Error(kind,
                "nothing can be recorded: the disk of the state directory is full or read-only");
  throw Error(kind, (name.empty() ? "SQLite" : name) + ": " +
                        (database ? sqlite3_errmsg(database) : sqlite3_errstr(code)));
}

/// Some 20 s in all, in steps that find the gaps of a process that writes row after row: the waits
/// of sqlite3_busy_timeout grow to 100 ms, and find none.
int wait_for_another(void*, int times) {
  if (interrupt::requested()) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(times < 10 ? 1 : 5));
  return times < 4'000 ? 1 : 0;
}

}  // namespace

void Statement::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Statement::Statement(Database& database, std::string_view sql)
    : database_(database.database_.get()) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) fail(database_, code);
  statement_.reset(statement);
}

Statement& Statement::bind(std::int64_t value) {
  return bound(sqlite3_bind_int64(statement_.get(), ++bound_, value));
}

Statement& Statement::bind(std::string_view value) {
  return bound(sqlite3_bind_text64(statement_.get(), ++bound_, value.data(), value.size(),
                                   SQLITE_TRANSIENT, SQLITE_UTF8));
}

Statement& Statement::bind(std::nullptr_t) {
  return bound(sqlite3_bind_null(statement_.get(), ++bound_));
}

Statement& Statement::bound(int code) {
  if (code != SQLITE_OK) fail(database_, code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(database_, code);
  return false;
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  bound_ = 0;
}

void Statement::run() {
  while (step()) {
  }
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return {};
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<std::int64_t> Statement::optional_number(int column) const {
  if (is_null(column)) return std::nullopt;
  return number(column);
}

Database::Database(const std::filesystem::path& path)
    : Database(path.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) {}

Database::Database(const std::string& name, int flags) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (const int reason = database ? sqlite3_system_errno(database) : 0;
      code == SQLITE_CANTOPEN && reason != 0)
    throw system_error("cannot open " + name, reason);
  if (code != SQLITE_OK) fail(database, code);
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_handler(database, wait_for_another, nullptr);
}

Database Database::copy_of(const std::filesystem::path& path) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  Database copy(":memory:", kFlags | SQLITE_OPEN_MEMORY);
  if (path.empty()) return copy;
  const ScratchDirectory scratch;
  const fs::path file = scratch.path() / "copy.db";
  for (const char* suffix : {"", "-wal"})
    if (const auto bytes = read_file(path.string() + suffix))
      write_file_atomically(file.string() + suffix, *bytes);
  const Database from(file.string(), kFlags);
  sqlite3_backup* backup =
      sqlite3_backup_init(copy.database_.get(), "main", from.database_.get(), "main");
  if (backup == nullptr) fail(copy.database_.get(), sqlite3_errcode(copy.database_.get()));
  sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  if (code != SQLITE_OK) fail(from.database_.get(), code);
  return copy;
}

void Database::freeze() { execute("PRAGMA query_only = ON"); }

void Database::found_damaged() {
  const char* name = sqlite3_db_filename(database_.get(), "main");
  mark_damaged(name ? name : "");
}

std::filesystem::path Database::damage_mark(const std::filesystem::path& path) {
  return path.string() + ".damaged";
}

void Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(database_.get(), code);
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(database_.get());
}

int Database::changes() const { return sqlite3_changes(database_.get()); }

Snapshot::Snapshot(Database& database) : database_(database) { database_.execute("BEGIN"); }

Snapshot::~Snapshot() {
  try {
    database_.execute("COMMIT");
  } catch (const Error&) {
    // Nothing was written.
  }
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (done_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {
    // SQLite has rolled back by itself.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  done_ = true;
}

}  // namespace backups
