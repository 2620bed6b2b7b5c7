#include "hook/resolve.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "stream/digest.hpp"
#include "support/capture.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using tests::create;
using tests::kNoon;
using tests::Lab;
using tests::manifest_of;
using tests::ThrowsError;

const Source kOne{"fake", "one", "one"};
const Source kTwin{"other", "one", "one"};

class ResolveTest : public testing::Test {
 protected:
  void SetUp() override { lab_.set_type("sqlite", "app-path", R"("sqlite-database")"); }
  void TearDown() override { ::unsetenv("PLUGIN_PATH"); }

  /// Adds a type whose sources have these names.
  void add_type(const std::string& type, const std::string& names) {
    lab_.add_hook(type, "list", "#!/bin/bash\nprintf '%s\\n' " + names);
    lab_.add_hook(type, "describe", "#!/bin/bash\necho '{\"state\":\"missing\"}'");
  }
  void adopt(const Source& source, Time time = kNoon) {
    state_.catalog.open().adopt(manifest_of(source, time), "local", "");
  }

  Lab lab_;
  State state_ = lab_.open();
  Resolver resolver_{state_.hooks, state_.paths, state_.settings, state_.catalog};
};

TEST_F(ResolveTest, ATypeAndANameNeedNoLook) {
  EXPECT_EQ(resolver_.source("postgres:my-db"), (Source{"postgres", "my-db", "my-db"}));
  EXPECT_THAT(lab_.calls(), IsEmpty());
}

TEST_F(ResolveTest, ABareNameIsThatOfTheOnlySource) {
  EXPECT_EQ(resolver_.source("one"), kOne);
  EXPECT_THAT([this] { resolver_.source("none"); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("'none'")));
}

TEST_F(ResolveTest, ABareNameOfTwoSourcesIsNotClear) {
  add_type("other", "one two");
  EXPECT_THAT(
      [this] { resolver_.source("one"); },
      ThrowsError(ErrorKind::kBadInput, AllOf(HasSubstr("fake:one"), HasSubstr("other:one"))));
  EXPECT_EQ(resolver_.source("two"), (Source{"other", "two", "two"}));
}

TEST_F(ResolveTest, ABareNameOfASourceThatIsGoneIsFoundByItsBackups) {
  adopt({"fake", "gone", "gone"});
  EXPECT_EQ(resolver_.source("gone"), (Source{"fake", "gone", "gone"}));
}

TEST_F(ResolveTest, AGenericHookListsTypesAndNames) {
  lab_.add_hook("generic", "list", "#!/bin/bash\necho redis:cache; echo mysql:one; echo nonsense");
  EXPECT_EQ(resolver_.source("cache"), (Source{"redis", "cache", "cache"}));
  EXPECT_THAT(resolver_.everything(),
              UnorderedElementsAre(kOne, (Source{"redis", "cache", "cache"}),
                                   (Source{"mysql", "one", "one"})));
}

TEST_F(ResolveTest, NamesThatHooksListAreChecked) {
  add_type("other", "-rf .x 'a b' good");
  EXPECT_THAT(resolver_.everything(),
              UnorderedElementsAre(kOne, (Source{"other", "good", "good"})));
}

TEST_F(ResolveTest, ADamagedTypeStopsItselfOnly) {
  add_type("other", "good");
  tests::spill(lab_.hooks() / "other/type.json", "{}");
  EXPECT_THAT(tests::stderr_of([this] { EXPECT_THAT(resolver_.everything(), ElementsAre(kOne)); }),
              HasSubstr("other/type.json is damaged"));
  EXPECT_THAT([this] { resolver_.known_source("other:good"); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("other/type.json is damaged")));
}

TEST_F(ResolveTest, OnlyTypesOfPathsHavePaths) {
  add_type("other", "good a/b");
  EXPECT_THAT([this] { resolver_.source("other:/srv/a"); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr("not paths")));
  EXPECT_THAT(resolver_.everything(),
              UnorderedElementsAre(kOne, (Source{"other", "good", "good"})));
  lab_.set_type("other", "path", R"("other-rows")");
  EXPECT_EQ(resolver_.source("other:/srv/a").address, "/srv/a");
  ::setenv("PLUGIN_PATH", "/var/lib/dokku/plugins", 1);
  EXPECT_THAT([this] { resolver_.source("other:web/a"); },
              ThrowsError(ErrorKind::kUnauthorised, HasSubstr("at a shell")));
}

class BadWord : public ResolveTest, public testing::WithParamInterface<std::string> {};

TEST_P(BadWord, IsNamed) {
  EXPECT_THAT([this] { resolver_.source(GetParam()); }, ThrowsError(ErrorKind::kBadInput));
}

INSTANTIATE_TEST_SUITE_P(Words, BadWord,
                         testing::Values("", ":", "fake:", ":one", "fake:..", "fake:-rf",
                                         "Fake:one", "fake:a b", "../x", "-x", "a b",
                                         "fake:one:two", "sqlite:/srv/", "\x1b[2J"));

TEST_F(ResolveTest, APathIsMadeCanonical) {
  tests::spill(lab_.path() / "app.db", "");
  fs::create_symlink(lab_.path(), lab_.path() / "link");
  const std::string canonical = fs::canonical(lab_.path() / "app.db").string();
  const Source source = resolver_.source("sqlite:" + (lab_.path() / "link/./app.db").string());
  EXPECT_EQ(source.address, canonical);
  EXPECT_EQ(source.name, "app.db-" + sha256(canonical).substr(0, 16));
}

TEST_F(ResolveTest, ARelativePathIsMadeAbsolute) {
  const fs::path before = fs::current_path();
  fs::current_path(lab_.path());
  tests::spill(lab_.path() / "app.db", "");
  const std::string here = fs::canonical(lab_.path()).string();
  EXPECT_EQ(resolver_.source("sqlite:./app.db").address, here + "/app.db");
  EXPECT_EQ(resolver_.source("sqlite:none/app.db").address, here + "/none/app.db")
      << "hooks run in /: it would be another file there";
  fs::current_path(before);
}

TEST_F(ResolveTest, APathSourceIsFoundByItsStoredName) {
  const Source file{"sqlite", "app.db-1f0c2a9b", "/srv/app.db"};
  adopt(file);
  EXPECT_EQ(resolver_.source("sqlite:app.db-1f0c2a9b"), file);
  EXPECT_EQ(resolver_.source("app.db-1f0c2a9b"), file);
}

TEST_F(ResolveTest, AKnownSourceHasABackupOrIsThere) {
  EXPECT_EQ(resolver_.known_source("fake:one"), kOne);
  EXPECT_THAT([this] { resolver_.known_source("fake:typo"); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("fake:typo")));
  adopt({"fake", "gone", "gone"});
  EXPECT_EQ(resolver_.known_source("fake:gone").name, "gone");
}

TEST_F(ResolveTest, AFileOfTheDirectoryThatWeAreCalledInIsNoSource) {
  const fs::path before = fs::current_path();
  fs::current_path(lab_.path());
  tests::spill(lab_.path() / "typo", "");
  EXPECT_THAT([this] { resolver_.known_source("fake:typo"); }, ThrowsError(ErrorKind::kNotFound));
  fs::current_path(before);
}

TEST_F(ResolveTest, ABackupIsItsId) {
  const std::string id = create(state_).id;
  EXPECT_EQ(resolver_.backup(id).id, id);
  EXPECT_EQ(resolver_.backup("fake:" + id).id, id);
  EXPECT_THAT([&] { resolver_.backup("other:" + id); }, ThrowsError(ErrorKind::kNotFound));
  EXPECT_THAT([&] { resolver_.backup("one-2020-01-01-00-00-00"); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("one-2020-01-01-00-00-00")));
}

TEST_F(ResolveTest, AnIdOfTwoTypesIsNotClear) {
  adopt(kOne);
  adopt(kTwin);
  const std::string id = "one-2026-04-08-14-30-00";
  EXPECT_THAT(
      [&] { resolver_.backup(id); },
      ThrowsError(ErrorKind::kBadInput, AllOf(HasSubstr("fake:" + id), HasSubstr("other:"))));
  EXPECT_EQ(resolver_.backup("other:" + id).source, kTwin);
}

TEST_F(ResolveTest, LatestIsTheNewestGoodOneOfASource) {
  EXPECT_THAT([this] { resolver_.backup("fake:one@latest"); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("fake:one")));
  adopt(kOne);
  adopt(kOne, kNoon + 1);
  EXPECT_EQ(resolver_.backup("fake:one@latest").started_at, kNoon + 1);
  EXPECT_EQ(resolver_.backup("one@latest").started_at, kNoon + 1);
}

class BadBackup : public ResolveTest, public testing::WithParamInterface<std::string> {};

TEST_P(BadBackup, IsNamed) {
  EXPECT_THAT([this] { resolver_.backup(GetParam()); }, ThrowsError(ErrorKind::kBadInput));
}

INSTANTIATE_TEST_SUITE_P(Words, BadBackup,
                         testing::Values("", "one", "fake:one", "@latest", "one@oldest",
                                         "../one-2026-04-08-14-30-00", "one-2026-02-30-14-30-00",
                                         "fake:@latest"));

}  // namespace
}  // namespace backups
