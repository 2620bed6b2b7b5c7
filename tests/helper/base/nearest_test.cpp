#include "base/nearest.hpp"

#include <gmock/gmock.h>

namespace backups {
namespace {

using testing::Optional;

const std::vector<std::string> kNames = {"create", "list", "restore", "target-add", "target-list"};

TEST(NearestName, IsFoundThroughAMistypedLetter) {
  for (const char* word : {"create", "creat", "craete", "creates", "cteate"})
    EXPECT_THAT(nearest_name(word, kNames), Optional(std::string("create"))) << word;
  EXPECT_THAT(nearest_name("lsit", kNames), Optional(std::string("list")));
  EXPECT_THAT(nearest_name("taget-lst", kNames), Optional(std::string("target-list")));
}

TEST(NearestName, IsNothingForAWordUnlikeAll) {
  for (const std::string& word : {std::string(), std::string("x"), std::string("nope"),
                                  std::string("backup"), std::string(1'000'000, 'c')})
    EXPECT_EQ(nearest_name(word, kNames), std::nullopt);
  EXPECT_EQ(nearest_name("create", {}), std::nullopt);
}

}  // namespace
}  // namespace backups
