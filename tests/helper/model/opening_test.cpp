#include "model/opening.hpp"

#include <gmock/gmock.h>

#include "support/shell.hpp"
#include "support/stages.hpp"

namespace backups {
namespace {

TEST(Opening, IsAlwaysACommandThatAShellCanRead) {
  for (const char* kind :
       {"pg_dump-custom", "pg_dumpall-globals", "sqlite-database", "mysql-export", "mariadb-export",
        "mongo-export", "redis-export", "of-another-version", "", "$(reboot)"}) {
    for (const Stages& stages : {Stages{}, Stages{tests::kGzip}, Stages{tests::kZstd}}) {
      for (const char* file : {"", "my-db.dump", "it's.dump"}) {
        const std::string command = open_command(stages, file, reader_or_file(kind, "shop"));
        EXPECT_EQ(tests::shell("sh -n <<'END'\n" + command + "\nEND\n").code, 0) << command;
        EXPECT_EQ(command.find("reboot"), std::string::npos) << "nothing of a manifest is in it";
      }
    }
  }
}

TEST(Opening, MakesTheDatabaseWhereTheDumpNamesNone) {
  EXPECT_THAT(*reader_of("mariadb-export", "data"), testing::HasSubstr("mariadb restored"));
  EXPECT_THAT(*reader_of("pg_dump-custom", "shop"), testing::HasSubstr("-C -d postgres"));
  EXPECT_THAT(*reader_of("pg_dump-custom", "postgres"), testing::Not(testing::HasSubstr("-C")))
      << "it is there on every server";
  EXPECT_FALSE(reader_of("couchdb-export", "data"));
}

TEST(Opening, ReadsAFileOrStdin) {
  EXPECT_EQ(open_command({tests::kZstd}, "a b.zst", "psql"), "zstd -dc 'a b.zst' | psql");
  EXPECT_EQ(open_command({tests::kZstd}, "", "psql"), "zstd -dc | psql");
  EXPECT_EQ(open_command({}, "", "psql"), "psql");
  EXPECT_EQ(open_command({}, "x", "psql"), "cat x | psql");
}

}  // namespace
}  // namespace backups
