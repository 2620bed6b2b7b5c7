#include "host/targets.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "model/target.hpp"
#include "support/bucket_server.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::Lab;
using tests::ThrowsError;

class TargetsTest : public testing::Test {
 protected:
  TargetsTest() { bucket_.add_to(state_, "far"); }
  static void put(Store& store, const std::string& key) {
    const auto file = store.put(key);
    file->write("x");
    file->finish();
  }

  Lab lab_;
  State state_ = lab_.open();
  tests::BucketServer bucket_;
};

TEST_F(TargetsTest, KeysLieBelowTheNameOfTheHostThatIsAskedFor) {
  put(state_.targets.open("far"), "fake/one/a");
  put(state_.targets.open("far", "other-0a0b0c0d"), "fake/one/b");
  EXPECT_THAT(bucket_.keys(),
              testing::UnorderedElementsAre(state_.identity.read().name + "/fake/one/a",
                                            "other-0a0b0c0d/fake/one/b"));
  EXPECT_THAT(state_.targets.open("far").list("fake"), testing::SizeIs(1));
  EXPECT_THAT(state_.targets.open_new("far", "")->list(""), testing::SizeIs(2))
      << "without a name it is all of them";
}

TEST_F(TargetsTest, OneStoreForEachPlaceUntilItsOptionsChange) {
  Store* const first = &state_.targets.open("far");
  EXPECT_EQ(&state_.targets.open("far"), first);
  EXPECT_NE(&state_.targets.open("far", "other-0a0b0c0d"), first);
  state_.settings.change([](Settings& settings) { settings.targets["far"]["prefix"] = "new"; });
  put(state_.targets.open("far"), "fake/one/a");
  EXPECT_THAT(bucket_.keys(), ElementsAre(testing::StartsWith("new/")));
}

TEST_F(TargetsTest, AnUnknownTargetOrOneWithoutCredentialsIsRefused) {
  EXPECT_THAT([&] { state_.targets.open("gone"); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("unknown target 'gone'")));
  state_.settings.change([](Settings& settings) {
    settings.targets["bare"] = {{"bucket", "bucket"}, {"endpoint", "http://127.0.0.1:1"}};
  });
  EXPECT_THAT([&] { state_.targets.open("bare"); }, ThrowsError(ErrorKind::kKey));
}

TEST_F(TargetsTest, ATargetThatCannotBeUsedIsUnclearAndNamed) {
  EXPECT_THAT(unclear_settings(state_.settings.read()), IsEmpty());
  state_.settings.change([](Settings& settings) { settings.targets["far"]["part-size"] = "x"; });
  const auto unclear = unclear_settings(state_.settings.read());
  ASSERT_EQ(unclear.size(), 1U);
  EXPECT_THAT(unclear[0].message, HasSubstr("target far can't be used: part-size takes "));
  EXPECT_THAT([&] { state_.targets.open("far"); }, ThrowsError(ErrorKind::kBadInput));
}

}  // namespace
}  // namespace backups
