#include "base/error.hpp"

#include <gmock/gmock.h>

#include <cerrno>

#include "support/errors.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Error, KindIsTheExitCodeOfTheArchitecturePage) {
  const std::pair<ErrorKind, int> kCodes[] = {
      {ErrorKind::kFailed, 1},   {ErrorKind::kBadInput, 2},     {ErrorKind::kNotFound, 3},
      {ErrorKind::kBusy, 4},     {ErrorKind::kStopped, 5},      {ErrorKind::kPaused, 6},
      {ErrorKind::kDamaged, 7},  {ErrorKind::kKey, 8},          {ErrorKind::kPartial, 9},
      {ErrorKind::kRefused, 11}, {ErrorKind::kCancelled, 12},   {ErrorKind::kUnreachable, 13},
      {ErrorKind::kNoSpace, 14}, {ErrorKind::kUnauthorised, 20}};
  for (const auto& [kind, code] : kCodes) EXPECT_EQ(Error(kind, "x").exit_code(), code);
}

TEST(SystemError, SaysWhatAndWhy) {
  const Error error = system_error("cannot open /x", EACCES);
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_EQ(std::string(error.what()), "cannot open /x: Permission denied");
}

TEST(SystemError, OfAFullDiskIsNoRoom) {
  EXPECT_EQ(system_error("x", ENOSPC).kind(), ErrorKind::kNoSpace);
  EXPECT_EQ(system_error("x", EDQUOT).kind(), ErrorKind::kNoSpace);
  EXPECT_EQ(system_error("x", EROFS).kind(), ErrorKind::kNoSpace) << "nothing can be written there";
  EXPECT_THAT(system_error("x", ENOSPC).what(), StartsWith("x: "));
  EXPECT_THAT(system_error("x", ENOSPC).what(), HasSubstr("No space left"));
}

}  // namespace
}  // namespace backups
