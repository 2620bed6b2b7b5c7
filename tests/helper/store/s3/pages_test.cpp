#include "store/s3/pages.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::ThrowsError;

class S3PagesTest : public testing::Test {
 protected:
  /// The keys below "host/" of a list whose pages are the results of `page` for 0, 1, …
  std::vector<std::string> read(const std::function<std::string(int number)>& page) {
    const auto ask = [&](const Fields&) { return page(asked_++); };
    const auto fail = [](const std::string& why) { throw Error(ErrorKind::kUnreachable, why); };
    std::vector<std::string> keys;
    for (const auto& entry : read_pages<Store::Entry>({ask, read_objects, fail}, "host/"))
      keys.push_back(entry.key);
    return keys;
  }
  static std::string page(const std::vector<std::string>& keys, const std::string& next) {
    std::string text = "<ListBucketResult>";
    for (const auto& key : keys)
      text += "<Contents><Key>" + key + "</Key><Size>1</Size></Contents>";
    if (!next.empty())
      text += "<IsTruncated>true</IsTruncated><NextContinuationToken>" + next +
              "</NextContinuationToken>";
    return text + "</ListBucketResult>";
  }
  void expect_endless(const std::function<std::string(int number)>& page) {
    EXPECT_THAT([&] { read(page); }, ThrowsError(ErrorKind::kUnreachable, HasSubstr("is endless")));
  }

  int asked_ = 0;
};

TEST_F(S3PagesTest, AreReadToTheLast) {
  EXPECT_THAT(read([](int number) {
                return number == 0 ? page({"host/a", "other/b"}, "1") : page({"host/c"}, "");
              }),
              ElementsAre("host/a", "host/c"));
}

TEST_F(S3PagesTest, AreReadToTheLastHoweverTheServerSpellsThatThereAreMore) {
  for (const char* more : {"True", " true\n", "1"}) {
    asked_ = 0;
    EXPECT_THAT(read([&](int number) {
                  std::string text = number == 0 ? page({"host/a"}, "1") : page({"host/c"}, "");
                  const auto at = text.find(">true<");
                  if (at != std::string::npos) text.replace(at + 1, 4, more);
                  return text;
                }),
                ElementsAre("host/a", "host/c"))
        << more;
  }
}

TEST_F(S3PagesTest, EndWhereOneComesAgain) {
  expect_endless([](int number) { return page({}, std::to_string(number % 3)); });
  EXPECT_EQ(asked_, 4);
}

TEST_F(S3PagesTest, EndAfterTenThousandThatAreAllNew) {
  expect_endless([](int number) { return page({}, std::to_string(number)); });
  EXPECT_EQ(static_cast<std::size_t>(asked_), kMaxPages + 1);
}

TEST(Pages, EndAfterAGibibyteAndAfterFiveMillionEntries) {
  Pages full;
  EXPECT_TRUE(full.count_page({{"token", "1"}}, kMaxListBytes, kMaxListed));
  EXPECT_FALSE(full.count_page({{"token", "2"}}, 0, 1));
  Pages large;
  EXPECT_TRUE(large.count_page({{"token", "1"}}, kMaxListBytes, 0));
  EXPECT_FALSE(large.count_page({{"token", "2"}}, 1, 0));
}

}  // namespace
}  // namespace backups
