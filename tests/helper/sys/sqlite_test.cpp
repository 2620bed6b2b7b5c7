#include "sys/sqlite.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::Optional;
using tests::TemporaryDirectory;
using tests::ThrowsError;
using tests::TinyDisk;

class SqliteTest : public testing::Test {
 protected:
  std::int64_t count() {
    Statement query(database_, "SELECT count(*) FROM t");
    query.step();
    return query.number(0);
  }
  void insert(std::int64_t n) {
    Statement(database_, "INSERT INTO t (n) VALUES (?)").bind(n).run();
  }
  void SetUp() override { database_.execute("CREATE TABLE t (n INTEGER, s TEXT)"); }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "a.db";
  Database database_{path_};
};

TEST_F(SqliteTest, DoesNotWaitForAnotherOnceAStopIsAskedFor) {
  Database other(path_);
  const Transaction held(other);
  const auto ending = tests::run_in_child(
      [&] {
        interrupt::install();
        std::raise(SIGINT);
        Database own(path_);
        own.execute("BEGIN IMMEDIATE");
        return 0;
      },
      std::chrono::seconds(15));
  EXPECT_EQ(ending, tests::exited(static_cast<int>(ErrorKind::kCancelled)));
}

TEST_F(SqliteTest, ACopyInMemoryHasWhatTheWriteAheadLogHasAndTakesNoChange) {
  database_.execute("PRAGMA journal_mode = WAL");
  insert(1);
  Database copy = Database::copy_of(path_);
  insert(2);
  Statement query(copy, "SELECT count(*) FROM t");
  ASSERT_TRUE(query.step());
  EXPECT_EQ(query.number(0), 1);
  copy.freeze();
  EXPECT_THAT([&] { copy.execute("DELETE FROM t"); },
              ThrowsError(ErrorKind::kNoSpace, HasSubstr("nothing can be recorded")));
  EXPECT_EQ(count(), 2);
}

TEST_F(SqliteTest, ACopyOfNothingIsEmpty) {
  Database copy = Database::copy_of(directory_ / "none.db");
  Statement query(copy, "SELECT count(*) FROM sqlite_schema");
  ASSERT_TRUE(query.step());
  EXPECT_EQ(query.number(0), 0);
}

TEST_F(SqliteTest, BindsInOrderAndReadsBack) {
  const std::string text("with 'quotes', ü and \0 inside", 30);
  Statement(database_, "INSERT INTO t VALUES (?, ?)").bind(INT64_MIN).bind(text).run();
  Statement query(database_, "SELECT n, s FROM t WHERE n = ? AND s = ?");
  query.bind(INT64_MIN).bind(text);
  ASSERT_TRUE(query.step());
  EXPECT_EQ(query.number(0), INT64_MIN);
  EXPECT_EQ(query.text(1), text);
  EXPECT_THAT(query.optional_number(0), Optional(INT64_MIN));
  EXPECT_THAT(query.optional_text(1), Optional(text));
  EXPECT_FALSE(query.step());
}

TEST_F(SqliteTest, TellsNullFromEmpty) {
  Statement(database_, "INSERT INTO t VALUES (?, ?)")
      .bind(std::optional<std::int64_t>())
      .bind(nullptr)
      .run();
  Statement(database_, "INSERT INTO t VALUES (?, ?)")
      .bind(std::optional<std::int64_t>(0))
      .bind(std::string_view("", 0))
      .run();
  Statement query(database_, "SELECT n, s FROM t ORDER BY rowid");
  ASSERT_TRUE(query.step());
  EXPECT_TRUE(query.is_null(0));
  EXPECT_EQ(query.optional_number(0), std::nullopt);
  EXPECT_EQ(query.optional_text(1), std::nullopt);
  EXPECT_EQ(query.text(1), "");
  ASSERT_TRUE(query.step());
  EXPECT_FALSE(query.is_null(0));
  EXPECT_THAT(query.optional_number(0), Optional(0));
  EXPECT_THAT(query.optional_text(1), Optional(std::string()));
}

TEST_F(SqliteTest, BindingMoreThanThereIsRoomForIsAnError) {
  EXPECT_THROW(Statement(database_, "SELECT ?").bind(std::int64_t{1}).bind(std::int64_t{2}), Error);
}

TEST_F(SqliteTest, CountsItsChanges) {
  insert(5);
  insert(6);
  EXPECT_EQ(database_.last_insert_rowid(), 2);
  database_.execute("UPDATE t SET n = 7");
  EXPECT_EQ(database_.changes(), 2);
}

TEST_F(SqliteTest, BadSqlIsAnErrorWithItsReason) {
  EXPECT_THAT([this] { Statement(database_, "SELEKT 1"); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("syntax error")));
  EXPECT_THAT([this] { database_.execute("INSERT INTO nowhere VALUES (1)"); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("no such table")));
}

TEST_F(SqliteTest, AConstraintIsAnError) {
  database_.execute("CREATE UNIQUE INDEX u ON t (n)");
  insert(1);
  EXPECT_THAT([this] { insert(1); }, ThrowsError(ErrorKind::kFailed, HasSubstr("UNIQUE")));
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteTest, ATransactionIsRolledBackUnlessCommitted) {
  {
    const Transaction transaction(database_);
    insert(1);
  }
  EXPECT_EQ(count(), 0);
  {
    Transaction transaction(database_);
    insert(1);
    transaction.commit();
  }
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteTest, ATransactionIsRolledBackByAnException) {
  EXPECT_THROW(
      {
        const Transaction transaction(database_);
        insert(1);
        throw Error(ErrorKind::kFailed, "in between");
      },
      Error);
  EXPECT_EQ(count(), 0);
}

TEST_F(SqliteTest, ATransactionLocksFromItsStart) {
  Database other(path_);
  other.execute("PRAGMA busy_timeout = 50");
  const Transaction transaction(database_);
  EXPECT_THAT([&] { const Transaction second(other); },
              ThrowsError(ErrorKind::kBusy, HasSubstr("locked")));
}

TEST_F(SqliteTest, AFullDatabaseIsNoRoom) {
  database_.execute("PRAGMA max_page_count = 4");
  EXPECT_THAT(
      [this] {
        Statement(database_, "INSERT INTO t (s) VALUES (?)").bind(std::string(100'000, 'x')).run();
      },
      ThrowsError(ErrorKind::kNoSpace, HasSubstr("full")));
  EXPECT_EQ(count(), 0);
}

TEST(Sqlite, AFullDiskIsNoRoom) {
  if (!TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
  const TinyDisk disk(64);
  Database database(disk.path() / "a.db");
  database.execute("CREATE TABLE t (s TEXT)");
  EXPECT_THAT([&] { database.execute("INSERT INTO t VALUES (randomblob(200000))"); },
              ThrowsError(ErrorKind::kNoSpace));
}

TEST(Sqlite, WhatIsNoDatabaseIsDamaged) {
  const TemporaryDirectory directory;
  tests::spill(directory / "a.db", tests::prose(8192));
  EXPECT_THAT([&] { Database(directory / "a.db").execute("SELECT * FROM sqlite_schema"); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("a.db: file is not a database")));
}

TEST(Sqlite, APageOfGarbageIsDamaged) {
  const TemporaryDirectory directory;
  const auto path = directory / "a.db";
  {
    Database database(path);
    database.execute("CREATE TABLE t (s TEXT); INSERT INTO t VALUES ('x')");
  }
  std::string bytes = tests::slurp(path);
  bytes.replace(4096, 4096, tests::noise(4096));
  tests::spill(path, bytes);
  Database database(path);
  EXPECT_THAT([&] { Statement(database, "SELECT * FROM t").run(); },
              ThrowsError(ErrorKind::kDamaged));
}

TEST(Sqlite, ADirectoryThatIsMissingIsAnError) {
  EXPECT_THAT([] { Database("/no/such/directory/a.db"); },
              ThrowsError(ErrorKind::kFailed,
                          HasSubstr("cannot open /no/such/directory/a.db: No such file")));
}

}  // namespace
}  // namespace backups
