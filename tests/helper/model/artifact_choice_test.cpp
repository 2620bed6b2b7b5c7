#include "model/artifact_choice.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::ThrowsError;

std::size_t choose(const std::vector<ArtifactOption>& options,
                   const std::optional<std::string>& name = {}) {
  return choose_artifact("db", options, name);
}

TEST(ArtifactChoice, ANameDecides) {
  EXPECT_EQ(choose({{"globals", true}, {"shop"}, {"blog"}}, "blog"), 2U);
  EXPECT_EQ(choose({{"globals", true}, {"shop"}}, "globals"), 0U);
  EXPECT_THAT(
      [] {
        choose({{"shop"}, {"\x1b[2J"}}, "nope");
      },
      ThrowsError(ErrorKind::kBadInput,
                  testing::AllOf(HasSubstr("db has no artifact 'nope': it has shop, "),
                                 Not(HasSubstr("\x1b")))));
}

TEST(ArtifactChoice, WithoutANameTheOnlyOneThatIsNotAuxiliaryIsMeant) {
  EXPECT_EQ(choose({{"globals", true}, {"shop"}}), 1U);
  EXPECT_EQ(choose({{"roles", true}}), 0U) << "the only one";
  EXPECT_THAT(
      [] {
        choose({{"shop"}, {"globals", true}, {"blog"}});
      },
      ThrowsError(ErrorKind::kBadInput, HasSubstr("(shop, globals, blog)")));
}

}  // namespace
}  // namespace backups
