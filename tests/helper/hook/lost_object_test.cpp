#include "hook/lost_object.hpp"

#include <gmock/gmock.h>

namespace backups {
namespace {

using Kind = LostObject::Kind;

const LostObject kIndex{"shop", Kind::kRebuildable, "22012", "CREATE INDEX paid ON purchase",
                        "division by zero"};
const LostObject kPolicy{"shop", Kind::kGuarding, "42704", "CREATE POLICY own ON purchase",
                         "role \"ann\" does not exist"};

TEST(LostObject, IsNamedWithTheWordsAndTheCodeOfTheServer) {
  EXPECT_EQ(to_text(kIndex), "shop: CREATE INDEX paid ON purchase: division by zero (22012)");
}

TEST(LostObject, WithoutACodeHasNoBrackets) {
  LostObject lost = kIndex;
  lost.code.clear();
  EXPECT_EQ(to_text(lost), "shop: CREATE INDEX paid ON purchase: division by zero");
}

TEST(LostObject, GuardsSomethingUnlessItIsSaidToBeRebuildable) {
  EXPECT_EQ(LostObject().kind, Kind::kGuarding);
}

TEST(AnyGuarding, LooksAtEveryObject) {
  EXPECT_FALSE(any_guarding({}));
  EXPECT_FALSE(any_guarding({kIndex, kIndex}));
  EXPECT_TRUE(any_guarding({kPolicy}));
  EXPECT_TRUE(any_guarding({kIndex, kIndex, kPolicy}));
  EXPECT_TRUE(any_guarding({kPolicy, kIndex}));
}

}  // namespace
}  // namespace backups
