#include "hook/source_type.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/paths.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::Lab;
using tests::ThrowsError;

constexpr const char* kGood =
    R"({"title": "Files", "address": "path", "kinds": ["files-tar", "<type>-index"], "promise": "replace"})";

TEST(SourceTypeText, IsRead) {
  const SourceType read = parse_source_type(kGood, "files");
  EXPECT_EQ(read.title, "Files");
  EXPECT_EQ(read.address, SourceType::Address::kPath);
  EXPECT_THAT(read.kinds, ElementsAre("files-tar", "files-index"));
  EXPECT_EQ(read.promise, SourceType::Promise::kReplace);
  EXPECT_TRUE(read.accepts("files-index"));
  EXPECT_FALSE(read.accepts("files"));
  EXPECT_TRUE(read.takes_path());
}

/// What takes the place of `part` in a good text.
struct Damage {
  std::string part;
  std::string with;
};

class DamagedSourceType : public testing::TestWithParam<Damage> {};

TEST_P(DamagedSourceType, IsRefused) {
  std::string text = kGood;
  const auto at = text.find(GetParam().part);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().part.size(), GetParam().with);
  EXPECT_THAT([&] { parse_source_type(text, "files"); }, ThrowsError(ErrorKind::kFailed)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedSourceType,
    testing::Values(Damage{kGood, ""}, Damage{kGood, "[]"}, Damage{kGood, "null"}, Damage{"}", ""},
                    Damage{"\"title\": \"Files\", ", ""}, Damage{"Files", ""},
                    Damage{"Files", "a\\u001b[2J"}, Damage{"Files", std::string(61, 'a')},
                    Damage{"\"Files\"", "7"}, Damage{"\"path\"", "\"paths\""},
                    Damage{"\"path\"", "[]"}, Damage{"\"files-tar\", \"<type>-index\"", ""},
                    Damage{"files-tar", "../tar"}, Damage{"files-tar", ""},
                    Damage{"\"files-tar\"", "7"}, Damage{"files-tar", "<kind>"},
                    Damage{"replace", "maybe"}, Damage{"\"promise\"", "\"promises\""},
                    Damage{"{", "{\"more\": 1, "},
                    Damage{"\"path\"", std::string(5000, '[') + std::string(5000, ']')}));

class SourceTypeFile : public testing::Test {
 protected:
  SourceTypeFile() { lab_.set_type("generic", "service", R"("<type>-export")", "replace"); }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(SourceTypeFile, OfATypeWithoutADirectoryIsTheGenericOne) {
  EXPECT_THAT(source_type(state_.hooks, "redis").kinds, ElementsAre("redis-export"));
  EXPECT_THAT(source_type(state_.hooks, "fake").kinds, testing::Contains("fake-rows"));
}

TEST_F(SourceTypeFile, NeitherTheLibraryNorAPathIsAType) {
  fs::create_directories(lab_.hooks() / "lib");
  EXPECT_THAT(source_type(state_.hooks, "lib").kinds, ElementsAre("lib-export"));
  EXPECT_THROW(source_type(state_.hooks, "../hooks/fake"), Error) << "not a word of a kind";
  EXPECT_THAT(hook_directories(state_.hooks), ElementsAre("fake", "generic"));
}

TEST_F(SourceTypeFile, ThatIsDamagedIsNamed) {
  const std::string file = (lab_.hooks() / "fake/type.json").string();
  const auto read = [this] { source_type(state_.hooks, "fake"); };
  tests::spill(file, "{");
  EXPECT_THAT(read, ThrowsError(ErrorKind::kFailed, HasSubstr(file)));
  tests::spill(file, std::string(kGood) + std::string(20'000, ' '));
  EXPECT_THAT(read, ThrowsError(ErrorKind::kFailed, HasSubstr("too large")));
  fs::remove(file);
  EXPECT_THAT(read,
              ThrowsError(ErrorKind::kFailed, AllOf(HasSubstr(file), HasSubstr("does not exist"))));
}

TEST_F(SourceTypeFile, TheHooksOfTheTypeComeFirst) {
  lab_.set_type("generic", "service", R"("fake-rows", "fake-other")", "replace");
  EXPECT_EQ(hooks_for(state_.hooks, "fake", {"fake-rows", "fake-roles"}).directory, "");
  EXPECT_EQ(hooks_for(state_.hooks, "fake", {}).directory, "");
  EXPECT_EQ(hooks_for(state_.hooks, "fake", {"fake-rows", "fake-other"}).directory, "generic");
}

TEST_F(SourceTypeFile, NoOtherHooksAreChosenByTheKindsOfABackup) {
  lab_.set_type("other", "path", R"("other-kind")");
  for (const std::string kind : {"other-kind", "../x", ""})
    EXPECT_THAT(
        [&] {
          hooks_for(state_.hooks, "fake", {"fake-rows", kind});
        },
        ThrowsError(ErrorKind::kRefused, HasSubstr("no hooks for fake")))
        << kind;
}

TEST_F(SourceTypeFile, AnActionOfItsOwnComesBeforeTheDefaultOne) {
  lab_.add_hook("lib/default", "list", "#!/bin/bash\n");
  lab_.add_hook("lib/default", "extra", "#!/bin/bash\n");
  const HookSet hooks("fake");
  EXPECT_EQ(hooks.action(state_.hooks, "list"), lab_.hooks() / "fake/list");
  EXPECT_EQ(hooks.action(state_.hooks, "extra"), lab_.hooks() / "lib/default/extra");
  EXPECT_EQ(hooks.action(state_.hooks, "none"), lab_.hooks() / "fake/none");
}

class ShippedType : public testing::TestWithParam<const char*> {};

TEST_P(ShippedType, IsSound) {
  const Lab lab;
  const State state(lab.root(), tests::source("plugin/hooks"), {});
  EXPECT_NO_THROW(source_type(state.hooks, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, ShippedType, testing::Values("postgres", "sqlite", "redis", "mysql"));

}  // namespace
}  // namespace backups
