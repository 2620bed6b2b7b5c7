// If dokku runs the helper, only sources that the caller may use are returned.
#include <gmock/gmock.h>

#include <cstdlib>

#include "hook/resolve.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::kNoon;
using tests::Lab;
using tests::manifest_of;
using tests::ThrowsError;

const Source kOne{"fake", "one", "one"};
const Source kTwo{"fake", "two", "two"};
const Source kTwin{"other", "one", "one"};

class AuthorizeTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("PLUGIN_PATH", "/var/lib/dokku/plugins", 1);
    lab_.set_type("sqlite", "app-path", R"("sqlite-database")");
    lab_.set_live("two", {{"a", "x"}, {"b", "x"}});
    authorize("grep -x fake:one || :");
  }
  void TearDown() override { ::unsetenv("PLUGIN_PATH"); }

  void authorize(const std::string& bash) {
    const fs::path hook = lab_.hooks() / "authorize";
    tests::spill(hook, "#!/bin/bash\ntee -a \"" + (lab_.path() / "asked").string() + "\" | (" +
                           bash + ")\n");
    fs::permissions(hook, fs::perms::owner_all);
  }
  std::string asked() const { return tests::slurp(lab_.path() / "asked"); }
  void adopt(const Source& source) {
    state_.catalog.open().adopt(manifest_of(source, kNoon), "local", "");
  }

  Lab lab_;
  State state_ = lab_.open();
  Resolver resolver_{state_.hooks, state_.paths, state_.settings, state_.catalog};
};

TEST_F(AuthorizeTest, GrantsWhatComesBack) {
  EXPECT_EQ(resolver_.source("fake:one"), kOne);
  EXPECT_EQ(asked(), "fake:one\n");
  EXPECT_THAT([this] { resolver_.source("fake:two"); },
              ThrowsError(ErrorKind::kUnauthorised, HasSubstr("fake:two")));
}

TEST_F(AuthorizeTest, IsAskedForEveryKindOfWord) {
  adopt(kTwo);
  for (const std::string word :
       {"fake:two-2026-04-08-14-30-00", "two-2026-04-08-14-30-00", "fake:two@latest"})
    EXPECT_THAT([&] { resolver_.backup(word); }, ThrowsError(ErrorKind::kUnauthorised)) << word;
  EXPECT_THAT([&] { resolver_.known_source("fake:two"); }, ThrowsError(ErrorKind::kUnauthorised));
  EXPECT_THAT([&] { resolver_.known_source("fake:none"); }, ThrowsError(ErrorKind::kUnauthorised))
      << "whether it exists is not said";
}

TEST_F(AuthorizeTest, ABareNameMeansAnAllowedSourceOnly) {
  EXPECT_EQ(resolver_.source("one"), kOne);
  EXPECT_THAT([this] { resolver_.source("two"); }, ThrowsError(ErrorKind::kNotFound));
  adopt(kTwin);
  EXPECT_EQ(resolver_.source("one"), kOne) << "that of the other is not seen";
}

TEST_F(AuthorizeTest, AnIdMeansAnAllowedBackupOnly) {
  adopt(kOne);
  adopt(kTwin);
  EXPECT_EQ(resolver_.backup("one-2026-04-08-14-30-00").source, kOne)
      << "that of the other is not seen";
}

TEST_F(AuthorizeTest, LiveSourcesAreTheAllowedOnes) {
  EXPECT_THAT(resolver_.everything(), ElementsAre(kOne));
  EXPECT_THAT(resolver_.allowed({kTwo, kOne, kTwin}), ElementsAre(kOne));
  EXPECT_THAT(resolver_.allowed({}), IsEmpty());
}

class BadAuthorize : public AuthorizeTest, public testing::WithParamInterface<const char*> {};

TEST_P(BadAuthorize, GrantsNothing) {
  authorize(GetParam());
  EXPECT_THROW(resolver_.source("fake:one"), Error);
}

INSTANTIATE_TEST_SUITE_P(Hooks, BadAuthorize,
                         testing::Values("exit 0", "cat; exit 1", "cat >/dev/null; echo fake:on",
                                         "sed 's/$/ /'", "cat >/dev/null; echo '*'", "kill -9 $$"));

TEST_F(AuthorizeTest, WithoutTheHookGrantsNothing) {
  fs::remove(lab_.hooks() / "authorize");
  EXPECT_THROW(resolver_.source("fake:one"), Error);
}

TEST_F(AuthorizeTest, ABarePathIsRefused) {
  EXPECT_THAT([this] { resolver_.source("sqlite:/etc/passwd"); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr("through dokku")));
  EXPECT_EQ(asked(), "");
}

TEST_F(AuthorizeTest, APathOfAnAppIsAskedForAsItIs) {
  authorize("cat");
  EXPECT_EQ(resolver_.source("sqlite:web/app/storage/app.db").address, "web/app/storage/app.db");
  EXPECT_EQ(asked(), "sqlite:web/app/storage/app.db\n");
}

TEST_F(AuthorizeTest, APathThatClimbsOutOfAnAppIsTheHooksToRefuse) {
  EXPECT_THAT([this] { resolver_.source("sqlite:web/../other/app.db"); },
              ThrowsError(ErrorKind::kUnauthorised));
  EXPECT_EQ(asked(), "sqlite:web/../other/app.db\n") << "asked for what is then used";
}

TEST_F(AuthorizeTest, ALineBreakInAWordAsksForNothingElse) {
  authorize("cat");
  for (const std::string word : {"fake:two\nfake:one", "sqlite:web/a\nfake:one"}) {
    try {
      const Source source = resolver_.source(word);
      ADD_FAILURE() << "granted " << source.spelling() << ", asked for: " << asked();
    } catch (const Error& error) {
      EXPECT_THAT(error.kind(), testing::AnyOf(ErrorKind::kBadInput, ErrorKind::kUnauthorised));
    }
  }
}

TEST_F(AuthorizeTest, EverythingIsWhatDokkuHasRulesFor) {
  adopt({"sqlite", "app.db-0123456789abcdef", "/srv/app.db"});
  adopt({"sqlite", "old.db-0123456789abcdef", "old.db-0123456789abcdef"});  // of a bucket
  authorize("grep -v sqlite");
  resolver_.authorise_everything();
  EXPECT_THAT(asked(), Not(HasSubstr("sqlite")));
  adopt({"sqlite", "mine.db-0123456789abcdef", "web/data/mine.db"});
  EXPECT_THAT([this] { resolver_.authorise_everything(); },
              ThrowsError(ErrorKind::kUnauthorised, HasSubstr("every source")));
}

TEST_F(AuthorizeTest, AtAShellNobodyIsAsked) {
  ::unsetenv("PLUGIN_PATH");
  EXPECT_EQ(resolver_.source("fake:two"), kTwo);
  EXPECT_EQ(asked(), "");
}

}  // namespace
}  // namespace backups
