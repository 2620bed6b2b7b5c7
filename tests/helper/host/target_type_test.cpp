#include "host/target_type.hpp"

#include <gmock/gmock.h>

#include <set>

#include "base/text.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::ThrowsError;

const TargetOptions kBucket = {{"type", "s3"}, {"bucket", "mine"}};

/// With one of these set.
TargetOptions with(const std::string& name, const std::string& value) {
  TargetOptions options = kBucket;
  options[name] = value;
  return options;
}

/// What the commands for targets and their help take for granted of every type.
TEST(TargetTypes, AreSound) {
  std::set<std::string> types;
  for (const auto& type : target_types()) {
    EXPECT_TRUE(types.insert(type.name).second) << "twice: " << type.name;
    EXPECT_EQ(&target_type(type.name), &type);
    std::set<std::string> names;
    for (const auto& option : type.options) {
      EXPECT_TRUE(names.insert(option.name).second) << "twice: " << option.name;
      EXPECT_TRUE(has_only(option.name, "-")) << option.name;
      EXPECT_EQ(lower(option.name), option.name);
      EXPECT_NE(std::string(option.value_form), "") << option.name;
      EXPECT_NE(std::string(option.help), "") << option.name;
      EXPECT_FALSE(option.valid("\x1b[1m")) << option.name;
    }
    EXPECT_FALSE(names.contains("type"));
    EXPECT_TRUE(names.contains(split(type.required, ' ').front()));
    ASSERT_NE(type.check, nullptr);
    ASSERT_NE(type.open, nullptr);
  }
  EXPECT_EQ(type_of({}).name, target_types().front().name) << "of the files of older versions";
}

TEST(TargetTypes, OfAnUnknownNameListTheKnownOnes) {
  for (const char* name : {"", "S3", "s3 ", "swift"})
    EXPECT_THAT([&] { target_type(name); },
                ThrowsError(ErrorKind::kBadInput,
                            AllOf(HasSubstr(in_quotes(name)), HasSubstr("supported: s3"))));
  EXPECT_THAT([] { target_type("b2"); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr("--endpoint")));
}

TEST(CheckTargetOption, NamesTheOptionAndWhatItTakes) {
  const TargetType& s3 = target_type("s3");
  EXPECT_NO_THROW(check_target_option(s3, "region", "eu-central-1"));
  EXPECT_THAT(
      [&] { check_target_option(s3, "region", "eu central"); },
      ThrowsError(ErrorKind::kBadInput, testing::StrEq("region takes NAME, not 'eu central'")));
  EXPECT_THAT([&] { check_target_option(s3, "part-size", "\x1b[1m5"); },
              ThrowsError(ErrorKind::kBadInput, Not(HasSubstr("\x1b"))));
  EXPECT_THAT([&] { check_target_option(s3, "colour", "red"); },
              ThrowsError(ErrorKind::kBadInput, AllOf(HasSubstr("unknown target option 'colour'"),
                                                      HasSubstr("bucket"), HasSubstr("profile"))));
}

TEST(CheckTargetOptions, LooksAtEveryOption) {
  EXPECT_NO_THROW(check_target_options(kBucket));
  EXPECT_NO_THROW(check_target_options(with("attempts", "100")));
  for (const char* attempts : {"0", "101", "-1", "1x", "", "99999999999999999999"})
    EXPECT_THAT([&] { check_target_options(with("attempts", attempts)); },
                ThrowsError(ErrorKind::kBadInput, HasSubstr("attempts takes N")))
        << attempts;
  EXPECT_THAT([] { check_target_options(with("colour", "red")); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr("'colour'")));
  EXPECT_THAT([] { check_target_options(with("type", "later")); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr("'later'")));
}

TEST(CheckTargetOptions, MissesWhatAnotherOptionRequires) {
  EXPECT_THAT(
      [] {
        check_target_options({{"type", "s3"}});
      },
      ThrowsError(ErrorKind::kBadInput, HasSubstr("--bucket is required")));
  EXPECT_THAT(
      [] { check_target_options(with("object-lock", "GOVERNANCE")); },
      ThrowsError(ErrorKind::kBadInput, HasSubstr("object-lock requires object-lock-days")));
  EXPECT_THAT(
      [] { check_target_options(with("object-lock-days", "30")); },
      ThrowsError(ErrorKind::kBadInput, HasSubstr("object-lock-days requires object-lock")));
  TargetOptions both = with("object-lock", "GOVERNANCE");
  both["object-lock-days"] = "30";
  EXPECT_NO_THROW(check_target_options(both));
}

}  // namespace
}  // namespace backups
