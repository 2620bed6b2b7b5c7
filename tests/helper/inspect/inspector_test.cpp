#include "inspect/inspector.hpp"

#include <gmock/gmock.h>

#include "support/directory.hpp"
#include "support/paths.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Completeness inspect(const std::string& inspector, std::string_view dump,
                     std::size_t piece = 4096) {
  const auto inspected = make_inspector(inspector);
  for (; !dump.empty(); dump.remove_prefix(std::min(piece, dump.size())))
    inspected->read(dump.substr(0, piece));
  return inspected->verdict();
}

std::string golden(const std::string& name) { return tests::slurp(tests::golden("dumps/" + name)); }

/// A dump that the real program made, and how many of its last bytes may be missing without loss.
struct Sample {
  const char* file;
  const char* inspector;
  std::size_t spare = 0;
};

class RealDump : public testing::TestWithParam<Sample> {
 protected:
  const std::string dump_ = golden(GetParam().file);
  const std::string inspector_ = GetParam().inspector;
};

TEST_P(RealDump, IsComplete) {
  for (const std::size_t piece : {1UL, 3UL, 1000UL, dump_.size()}) {
    const Completeness verdict = inspect(inspector_, dump_, piece);
    EXPECT_EQ(verdict.kind, Completeness::Kind::kComplete) << verdict.why;
    EXPECT_THAT(verdict.why, IsEmpty());
  }
}

TEST_P(RealDump, IsIncompleteWhereverItIsCut) {
  ASSERT_GT(dump_.size(), GetParam().spare);
  for (std::size_t size = 1; size < dump_.size() - GetParam().spare; ++size) {
    const Completeness verdict = inspect(inspector_, dump_.substr(0, size));
    ASSERT_EQ(verdict.kind, Completeness::Kind::kIncomplete) << "cut after " << size << " bytes";
    ASSERT_FALSE(verdict.why.empty());
  }
}

TEST_P(RealDump, IsIncompleteWithAnErrorMessageInIt) {
  const std::string half = dump_.substr(0, dump_.size() / 2);
  EXPECT_EQ(inspect(inspector_, half + "\nError response from daemon: no such container\n").kind,
            Completeness::Kind::kIncomplete);
}

INSTANTIATE_TEST_SUITE_P(
    All, RealDump,
    testing::Values(
        Sample{"pg15-z0.dump", "pg_dump-custom"}, Sample{"pg15-z6.dump", "pg_dump-custom"},
        Sample{"pg15-seek.dump", "pg_dump-custom"}, Sample{"pg15-schema.dump", "pg_dump-custom"},
        Sample{"pg18-none.dump", "pg_dump-custom"}, Sample{"pg18-lz4.dump", "pg_dump-custom"},
        Sample{"pg18-zstd.dump", "pg_dump-custom"}, Sample{"pg18-globals.sql", "globals", 5},
        Sample{"pg15-globals.sql", "globals", 5}, Sample{"pg15-all.sql", "sql-dump", 5},
        Sample{"maria.sql", "sql-dump", 25}, Sample{"maria-nodate.sql", "sql-dump", 2},
        Sample{"redis7.rdb", "rdb"}, Sample{"redis7-nochecksum.rdb", "rdb"}),
    [](const auto& info) {
      std::string name = info.param.file;
      std::erase_if(name, [](char c) { return c == '-' || c == '.'; });
      return name;
    });

TEST(PgArchive, MissesTheDataOfATableWhoseBlockNeverCame) {
  const std::string dump = golden("pg15-z0.dump");
  // The last block is that of large objects: type 3, the entry's id, 0 for "no more".
  const auto blobs = dump.rfind(std::string("\x03\0", 2));
  ASSERT_NE(blobs, std::string::npos);
  EXPECT_THAT(inspect("pg_dump-custom", dump.substr(0, blobs)).why,
              testing::AnyOf(HasSubstr("missing at its end"), HasSubstr("in the middle")));
}

TEST(PgArchive, SaysNothingOfVersionsItDoesNotKnow) {
  std::string dump = golden("pg15-z0.dump");
  for (const char minor : {'\0', '\x0B', '\x11', 'c'}) {
    dump[6] = minor;
    const Completeness verdict = inspect("pg_dump-custom", dump);
    EXPECT_EQ(verdict.kind, Completeness::Kind::kUnknown) << int(minor);
    EXPECT_THAT(verdict.why, HasSubstr("archive version is 1." + std::to_string(minor)));
  }
}

TEST(PgArchive, IsNoDirectoryOrTarDump) {
  std::string dump = golden("pg15-schema.dump");
  dump[10] = 5;
  EXPECT_THAT(inspect("pg_dump-custom", dump).why, HasSubstr("directory dump (-Fd)"));
  dump[10] = 3;
  EXPECT_THAT(inspect("pg_dump-custom", dump).why, HasSubstr("not in the custom format"));
}

TEST(PgArchive, IsIncompleteWithSomethingBehindIt) {
  const std::string dump = golden("pg15-z0.dump");
  EXPECT_THAT(inspect("pg_dump-custom", dump + "pg_dump: error: query failed\n").why,
              HasSubstr("something that is not a data block"));
}

TEST(PgArchive, BelievesNoLength) {
  std::string dump = golden("pg15-z0.dump");
  for (std::size_t at = 11; at < dump.size(); ++at) {
    for (const char value : {'\0', '\x7F', '\xFF'}) {
      std::string changed = dump;
      changed[at] = value;
      inspect("pg_dump-custom", changed);  // ends, and soon
    }
  }
}

TEST(SqlText, WithoutCommentsEndsWithTheSettingsItSaved) {
  const std::string dump = golden("maria-nocomments.sql");
  EXPECT_EQ(inspect("sql-dump", dump).kind, Completeness::Kind::kComplete);
  const auto footer = dump.find("/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE");
  for (std::size_t size = dump.find(" @OLD_") + 10; size < footer; size += 7)
    EXPECT_EQ(inspect("sql-dump", dump.substr(0, size)).kind, Completeness::Kind::kIncomplete)
        << size;
}

TEST(SqlText, CompactHasNoEndButEndsAStatement) {
  const std::string dump = golden("maria-compact.sql");
  EXPECT_EQ(inspect("sql-dump", dump).kind, Completeness::Kind::kUnknown);
  EXPECT_THAT(inspect("sql-dump", dump.substr(0, dump.find("VALUES") + 10)).why,
              HasSubstr("in the middle of a statement"));
}

TEST(SqlText, IsNoErrorMessage) {
  const std::string dump = golden("maria.sql");
  for (const char* message : {"mysqldump: Got error: 1045: Access denied for user 'x'@'y'\n",
                              "Error response from daemon: container 4f is not running\n",
                              "-----> Exporting\n", " !     Service my-db does not exist\n",
                              "OCI runtime exec failed: exec failed\n", "\x1F\x8B"})
    EXPECT_EQ(inspect("sql-dump", message).kind, Completeness::Kind::kIncomplete) << message;
  const auto middle = dump.find("LOCK TABLES");
  const std::string error = "mariadb-dump: Couldn't execute 'SHOW CREATE VIEW x' (1356)\n";
  EXPECT_THAT(inspect("sql-dump", dump.substr(0, middle) + error + dump.substr(middle)).why,
              HasSubstr("contains an error message ('mariadb-dump: Couldn't execute"));
  EXPECT_THAT(inspect("sql-dump", dump + "Segmentation fault\n").why,
              HasSubstr("there is unexpected data after its end ('Segmentation fault')"));
}

TEST(SqlText, MayBeSeveralDumpsButNoneWithoutItsEnd) {
  const std::string dump = golden("maria.sql");
  EXPECT_EQ(inspect("sql-dump", dump + dump).kind, Completeness::Kind::kComplete);
  // dokku-mariadb: one that fails, then that of the other program behind it, and exit code 0.
  EXPECT_THAT(inspect("sql-dump", dump.substr(0, dump.find("VALUES") + 10) + "\n" + dump).why,
              HasSubstr("another dump begins"));
}

TEST(SqlText, MayHaveStatementsOfAPersonBehindItsEnd) {
  const std::string dump = golden("maria.sql");
  EXPECT_EQ(
      inspect("sql-dump", dump + "-- and\nCREATE USER x\n  IDENTIFIED BY 'y';\nflush privileges;")
          .kind,
      Completeness::Kind::kComplete);
}

TEST(SqlText, OfAnotherProgramIsUnknown) {
  for (const char* dump : {"\xEF\xBB\xBF-- phpMyAdmin SQL Dump\nCREATE TABLE t (i int);\n",
                           "insert into t values (1);", "# by hand\nDROP TABLE t;\n-- end\n"})
    EXPECT_EQ(inspect("sql-dump", dump).kind, Completeness::Kind::kUnknown) << dump;
}

// `backups:adopt` took it: its restore would have failed after the service's data were dropped.
TEST(SqlText, ThatOnlyBeginsLikeSqlIsNoDump) {
  for (const char* text :
       {"Select the best of them;\n", "-- notes\nUpdate 2026: nothing to do;\n", "SELECT 1;\n",
        "Create a new account, then insert the card into it;\n", "USE db;\nSET NAMES utf8;\n"})
    EXPECT_THAT(inspect("sql-dump", text).why, HasSubstr("creates nothing and inserts nothing"))
        << text;
  for (const char* dump :
       {"# MySQL dump 8.22\n#\nCREATE TABLE t (\n  i int\n) TYPE=MyISAM;\n",
        "SET NAMES utf8; INSERT  IGNORE INTO `t` VALUES (1);\n", "REPLACE INTO `t` VALUES (1);\n",
        "/*!50001 CREATE VIEW `v` AS SELECT 1*/;\n", "create or replace view v as select 1;\n",
        "SET x = 1;\nCOPY public.t (i) FROM stdin;\n1\n\\.\n"})
    EXPECT_EQ(inspect("sql-dump", dump).kind, Completeness::Kind::kUnknown) << dump;
}

TEST(Rdb, MayHaveTheMarkOfReplicationBehindIt) {
  const std::string dump = golden("redis7-stream.rdb");  // redis-cli --rdb -
  EXPECT_EQ(inspect("rdb", dump, 1).kind, Completeness::Kind::kComplete);
  EXPECT_EQ(inspect("rdb", dump.substr(0, dump.size() - 40)).kind, Completeness::Kind::kComplete);
  EXPECT_EQ(inspect("rdb", dump.substr(0, dump.size() - 41)).kind, Completeness::Kind::kIncomplete);
}

TEST(Rdb, FindsEveryByteThatIsAnother) {
  const std::string dump = golden("redis7.rdb");
  for (std::size_t at = 9; at < dump.size(); ++at) {
    std::string changed = dump;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    EXPECT_EQ(inspect("rdb", changed).kind, Completeness::Kind::kIncomplete) << at;
  }
}

TEST(Rdb, OfOldAndUnknownVersions) {
  EXPECT_EQ(inspect("rdb", "REDIS0003\xFE\xFF").kind, Completeness::Kind::kComplete);
  EXPECT_EQ(inspect("rdb", "REDIS0003\xFE").kind, Completeness::Kind::kIncomplete);
  std::string dump = golden("redis7-nochecksum.rdb");
  EXPECT_EQ(inspect("rdb", "VALKEY080" + dump.substr(9)).kind, Completeness::Kind::kComplete);
  EXPECT_EQ(inspect("rdb", "REDIS0099" + dump.substr(9)).kind, Completeness::Kind::kComplete);
  EXPECT_EQ(inspect("rdb", "REDIS0099 something new").kind, Completeness::Kind::kUnknown);
  EXPECT_EQ(inspect("rdb", "VALKEY999 something new").kind, Completeness::Kind::kUnknown);
  for (const char* nothing : {"", "REDIS", "REDISxyzt", "root:x:0:0:root:/root:/bin/bash\n"})
    EXPECT_THAT(inspect("rdb", nothing).why, HasSubstr("is not a dump of Redis"));
}

class MadeDump : public testing::Test {
 protected:
  std::string make(const std::string& commands) {
    return tests::shell("cd " + directory_.path().string() + " && " + commands).out;
  }
  tests::TemporaryDirectory directory_;
};

TEST_F(MadeDump, TarIsCompleteWithItsZerosOnly) {
  make(
      "mkdir d && echo hello >d/a && truncate -s 3K d/zeros && ln d/a d/b && ln -s a d/c"
      " && truncate -s 1M d/sparse && echo x >>d/sparse && touch d/$(printf %0200d 1)");
  for (const char* format : {"gnu", "posix", "ustar", "v7"}) {
    const std::string options = std::string(" --format=") + format;
    const std::string sparse = format[0] == 'g' || format[0] == 'p' ? " --sparse" : "";
    const std::string tar = make("tar -c" + options + sparse + " -f - d 2>/dev/null");
    EXPECT_EQ(inspect("tar", tar, 700).kind, Completeness::Kind::kComplete) << format;
    const auto end = tar.find_last_not_of('\0') / 512 * 512 + 512;
    EXPECT_EQ(inspect("tar", tar.substr(0, end)).kind, Completeness::Kind::kIncomplete) << format;
    for (std::size_t size = 1; size < end; size += 131)
      EXPECT_EQ(inspect("tar", tar.substr(0, size)).kind, Completeness::Kind::kIncomplete)
          << format << " cut after " << size;
  }
  EXPECT_THAT(
      inspect("tar", "tar: d: Cannot open: Permission denied\n" + std::string(600, 'x')).why,
      HasSubstr("is not a tar archive"));
}

TEST_F(MadeDump, TarOfAFileOfManyGigabytesCanBeFollowed) {
  for (const char* format : {"gnu", "posix"}) {
    // The size is beyond the octal digits of a head: in base 256, or in a pax header.
    const std::string tar = make(std::string("truncate -s 9G big && tar -c --format=") + format +
                                 " -f - big | head -c 20000");
    EXPECT_THAT(inspect("tar", tar).why, HasSubstr("truncated")) << format;
  }
}

TEST_F(MadeDump, SqliteHasAllItsPages) {
  const std::string database =
      make("sqlite3 x.db 'create table t (x); insert into t values (zeroblob(9000))' && cat x.db");
  ASSERT_GT(database.size(), 9000U);
  EXPECT_EQ(inspect("sqlite", database, 7).kind, Completeness::Kind::kComplete);
  for (std::size_t size = 0; size < database.size(); size += 512)
    EXPECT_EQ(inspect("sqlite", database.substr(0, size)).kind, Completeness::Kind::kIncomplete)
        << size;
  EXPECT_THAT(inspect("sqlite", database.substr(0, 4096)).why, HasSubstr("4096 bytes instead of"));
  EXPECT_EQ(inspect("sqlite", database + "Error: disk I/O error\n").kind,
            Completeness::Kind::kIncomplete);
  std::string old = database;
  old[95] = static_cast<char>(old[95] + 1);  // version-valid-for
  EXPECT_EQ(inspect("sqlite", old).kind, Completeness::Kind::kUnknown);
}

TEST(Inspectors, AreKnownByNameAndNoOther) {
  for (const char* name : {"pg_dump-custom", "globals", "sql-dump", "rdb", "tar", "sqlite"})
    EXPECT_NE(make_inspector(name), nullptr) << name;
  EXPECT_EQ(make_inspector(""), nullptr);
  EXPECT_EQ(make_inspector("parquet"), nullptr);
}

}  // namespace
}  // namespace backups
