#include "host/s3_target.hpp"

#include <gmock/gmock.h>

#include "host/targets.hpp"
#include "model/endpoint.hpp"
#include "model/settings.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::ThrowsError;

TEST(TargetTypes, AreFoundByNameAndNamedWhereNoneHasIt) {
  EXPECT_EQ(target_type("s3").name, "s3");
  EXPECT_THAT(
      [] { target_type("b2"); },
      ThrowsError(ErrorKind::kBadInput, HasSubstr("unknown target type 'b2' (supported: s3")));
  EXPECT_EQ(type_of({{"bucket", "mine"}}).name, "s3") << "of a version that knew no other";
}

TEST(UnclearSettings, NameTargetsThatCannotBeUsed) {
  for (const char* text :
       {R"({"targets": {"off": {"bucket": "a/b"}}})", R"({"targets": {"off": {"color": "red"}}})",
        R"({"targets": {"off": {"type": "later", "bucket": "mine"}}})"}) {
    const auto unclear = unclear_settings(Settings::parse(text));
    ASSERT_EQ(unclear.size(), 1U) << text;
    EXPECT_THAT(unclear[0].message, HasSubstr("target off can't be used"));
  }
  EXPECT_TRUE(
      unclear_settings(Settings::parse(R"({"targets": {"off": {"bucket": "mine"}}})")).empty());
}

TEST(TargetOptions, RefuseAnEndpointThatEndsWithTheBucket) {
  EXPECT_THAT(
      [] {
        check_target_options(
            {{"type", "s3"}, {"bucket", "mine"}, {"endpoint", "https://x.example.com/mine/"}});
      },
      ThrowsError(ErrorKind::kBadInput, HasSubstr("ends with the name of the bucket")));
  EXPECT_NO_THROW(check_target_options(
      {{"type", "s3"}, {"bucket", "mine"}, {"endpoint", "https://x.example.com/not-mine"}}));
}

TEST(TargetOptions, TakeAPrefixOfAnyCharactersThatCanBeListed) {
  for (const char* prefix : {"a", "a/b", "/a/b/", "with blank", "ü/😀", "a+b&c=d?e#f%20",
                             "~/$@!*'()", "...", "-x", ".hidden/x"})
    EXPECT_NO_THROW(check_target_option(s3_target(), "prefix", prefix)) << prefix;
  for (const std::string prefix : {"..", "a/../b", "./a", "a//b", "a\nb", "\x1b[1m", "\xff"})
    EXPECT_THAT([&] { check_target_option(s3_target(), "prefix", prefix); },
                ThrowsError(ErrorKind::kBadInput))
        << prefix;
  EXPECT_THAT([] { check_target_option(s3_target(), "prefix", std::string(513, 'x')); },
              ThrowsError(ErrorKind::kBadInput));
  EXPECT_EQ(bare_prefix("//a/b/"), "a/b");
  EXPECT_EQ(bare_prefix("/"), "");
}

}  // namespace
}  // namespace backups
