#include "store/s3/store.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "store/s3/client.hpp"
#include "store/s3/list.hpp"
#include "store/s3/upload.hpp"
#include "stream/digest.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/s3_server.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::Collector;
using tests::ThrowsError;

constexpr const char* kKey = "fake/one/x.dump";
constexpr std::size_t kMiB = 1024 * 1024;

class S3Test : public testing::Test {
 protected:
  void SetUp() override {
    if (!server_) GTEST_SKIP() << tests::kNoS3;
    target_ = tests::new_bucket(*server_);
  }

  std::unique_ptr<S3Store> store() const { return make_s3_store(target_, server_->credentials); }

  static void put(Store& store, const std::string& key, const std::string& text) {
    const auto sink = store.put(key);
    tests::write_in_pieces(*sink, text, 1'000'000);
    sink->finish();
  }

  static std::optional<std::string> get(Store& store, const std::string& key) {
    Collector out;
    if (!store.get(key, out)) return std::nullopt;
    return out.text;
  }

  std::vector<S3Upload> uploads() const {
    S3Client client(target_, server_->credentials);
    return list_uploads(client, "");
  }

  std::optional<tests::S3Server> server_ = tests::s3_server();
  S3Target target_;
};

TEST_F(S3Test, UploadsInPartsOverTlsToAVirtualHost) {
  target_.ca_file = server_->ca_file;
  target_.endpoint = server_->tls_endpoint;
  target_.endpoint.replace(target_.endpoint.find("127.0.0.1"), 9, "s3.localhost");
  for (const bool path_style : {true, false}) {
    target_.path_style = path_style;
    const auto store = this->store();
    const std::string text = tests::noise(20 * kMiB + 1);
    put(*store, kKey, text);
    EXPECT_TRUE(get(*store, kKey) == text);
    EXPECT_THAT(store->list("fake"), SizeIs(1));
  }
}

TEST_F(S3Test, TrustsOnlyWhatItIsToldTo) {
  target_.endpoint = server_->tls_endpoint;
  EXPECT_THAT([&] { store()->list("fake"); },
              ThrowsError(ErrorKind::kUnreachable, HasSubstr("certificate")));
}

TEST_F(S3Test, TalksToAVirtualHost) {
  target_.endpoint = "http://" + server_->host;
  target_.path_style = false;
  put(*store(), kKey, "text");
  EXPECT_EQ(get(*store(), kKey), "text");
}

TEST_F(S3Test, PutsPartsTogetherAtEverySize) {
  target_.part_size = kMinPartSize;
  const auto store = this->store();
  for (const std::size_t size : {kMinPartSize - 1, kMinPartSize, kMinPartSize + 1, 2 * kMinPartSize,
                                 7 * kMinPartSize + 12'345}) {
    const std::string text = tests::noise(size);
    put(*store, kKey, text);
    EXPECT_TRUE(get(*store, kKey) == text) << size;
    EXPECT_EQ(store->last_etag(), store->list("fake").at(0).etag) << size;
    EXPECT_THAT(store->last_etag(), Not(IsEmpty()));
  }
  EXPECT_THAT(uploads(), IsEmpty());
}

TEST_F(S3Test, Uploads200MebibytesAsItUploadsAFile) {
  const tests::TemporaryDirectory directory;
  const std::string text = tests::noise(200 * kMiB);
  std::ofstream(directory / "file", std::ios::binary) << text;
  const auto store = this->store();
  put(*store, kKey, text);
  store->put_file("fake/one/file", directory / "file");
  EXPECT_TRUE(get(*store, kKey) == text);
  EXPECT_TRUE(get(*store, "fake/one/file") == text);
}

TEST_F(S3Test, UploadsSmallFiles) {
  const tests::TemporaryDirectory directory;
  const auto store = this->store();
  for (const std::size_t size : {0UL, 1UL, 1'000'000UL}) {
    std::ofstream(directory / "file", std::ios::binary) << tests::noise(size);
    store->put_file(kKey, directory / "file");
    EXPECT_TRUE(get(*store, kKey) == tests::noise(size)) << size;
  }
  EXPECT_THAT([&] { store->put_file(kKey, directory / "none"); },
              ThrowsError(ErrorKind::kNotFound));
}

TEST_F(S3Test, AbortsWhatIsNotFinished) {
  {
    const auto store = this->store();
    const auto sink = store->put(kKey);
    sink->write(std::string(30 * kMiB, 'x'));
    EXPECT_THAT(uploads(), SizeIs(1));
  }
  EXPECT_THAT(uploads(), IsEmpty());
  EXPECT_EQ(get(*store(), kKey), std::nullopt);
}

TEST_F(S3Test, AbandonsUploadsOfOneKeyOnly) {
  S3Client client(target_, server_->credentials);
  for (const char* name : {"x.dump", "x.dump.zst"})
    client.send({.doing = "begin",
                 .method = "POST",
                 .key = target_.prefix + "/fake/one/" + name,
                 .query = {{"uploads", ""}}});
  put(*store(), "fake/one/x.dump", "1");
  store()->abandon("fake/one/x.dump");
  EXPECT_THAT(uploads(),
              ElementsAre(Field(&S3Upload::key, target_.prefix + "/fake/one/x.dump.zst")));
  EXPECT_THAT(store()->list("fake"), ElementsAre(Field(&Store::Entry::key, "fake/one/x.dump")));
}

TEST_F(S3Test, ListsMoreThanAPage) {
  S3Client client(target_, server_->credentials);
  const std::string empty;
  std::vector<std::string> keys;
  for (int i = 0; i < 1'100; ++i) keys.push_back("fake/one/" + std::to_string(10'000 + i));
  for (const auto& key : keys) put(*store(), key, "");
  std::vector<std::string> found;
  for (const auto& entry : store()->list("fake")) found.push_back(entry.key);
  EXPECT_EQ(found, keys);
}

TEST_F(S3Test, ListsEverythingBelowItsPrefixOnly) {
  put(*store(), "fake/one/x", "1");
  put(*store(), "other/two/y", "1");
  auto above = target_;
  above.prefix = "some";
  put(*make_s3_store(above, server_->credentials), "other", "1");
  EXPECT_THAT(store()->list(""), ElementsAre(Field(&Store::Entry::key, "fake/one/x"),
                                             Field(&Store::Entry::key, "other/two/y")));
}

TEST_F(S3Test, PresignsForPlainCurl) {
  const std::string key = "fake/one/a+b %41~é.dump";
  put(*store(), key, "some text");
  const std::string url = store()->presign(key, 60).url;
  EXPECT_EQ(tests::shell("curl -fsS '" + url + "'").out, "some text");
  EXPECT_NE(tests::shell("curl -fsS '" + url + "0' 2>&1").code, 0);
  EXPECT_THAT(url, Not(HasSubstr(server_->credentials.secret)));
  EXPECT_THAT([&] { store()->presign(key, 604'801); }, ThrowsError(ErrorKind::kBadInput));
}

TEST_F(S3Test, KeepsAwkwardKeys) {
  S3Client client(target_, server_->credentials);
  for (const std::string key : {"a b", "a+b", "a%20b", "~", "ü😀", "a//b", "/a", "a/../b", "a/./b",
                                "!*'()", "&=?#", ":,;@$", "[]{}\\|^", "a/"}) {
    client.send({.doing = "write", .method = "PUT", .key = key, .body = key});
    EXPECT_EQ(client.send({.doing = "read", .method = "GET", .key = key}).response.body, key);
  }
}

TEST_F(S3Test, DoesNotReplaceWhatMustBeNew) {
  const auto store = this->store();
  put(*store, kKey, "first");
  const auto sink = store->put_new(kKey);
  sink->write("second");
  EXPECT_THAT([&] { sink->finish(); }, ThrowsError(ErrorKind::kRefused));
  EXPECT_EQ(get(*store, kKey), "first");
  const auto other = store->put_new("fake/one/new");
  other->write("new");
  other->finish();
  EXPECT_EQ(get(*store, "fake/one/new"), "new");
}

TEST_F(S3Test, SaysThatTheSecretIsWrongAndDoesNotRepeatIt) {
  auto credentials = server_->credentials;
  credentials.secret = "a-wrong-secret-of-ours";
  const auto store = make_s3_store(target_, credentials);
  const auto wrong = ThrowsError(ErrorKind::kUnreachable,
                                 AllOf(HasSubstr("SignatureDoesNotMatch"), HasSubstr("secret key"),
                                       Not(HasSubstr(credentials.secret))));
  EXPECT_THAT([&] { put(*store, kKey, "x"); }, wrong);
  EXPECT_THAT([&] { store->list("fake"); }, wrong);
  credentials.key = "NOBODY";
  EXPECT_THAT([&] { make_s3_store(target_, credentials)->list("fake"); },
              ThrowsError(ErrorKind::kUnreachable, HasSubstr("InvalidAccessKeyId")));
}

TEST_F(S3Test, SaysThatThereIsNoSuchBucket) {
  target_.bucket = "there-is-none";
  EXPECT_THAT([&] { store()->list("fake"); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("there-is-none")));
  EXPECT_THAT([&] { put(*store(), kKey, "x"); }, ThrowsError(ErrorKind::kNotFound));
  EXPECT_THAT([&] { get(*store(), kKey); }, ThrowsError(ErrorKind::kNotFound));
}

TEST_F(S3Test, SaysThatNobodyAnswers) {
  target_.endpoint = "http://127.0.0.1:1";
  EXPECT_THAT([&] { put(*store(), kKey, "x"); },
              ThrowsError(ErrorKind::kUnreachable, HasSubstr("check the endpoint")));
}

TEST_F(S3Test, ProbesEveryRightAndLeavesNothing) {
  using Check = Prober::Check;
  EXPECT_THAT(store()->probe(),
              AllOf(SizeIs(10), Each(Field(&Check::outcome, Check::Outcome::kWorks))));
  S3Client client(target_, server_->credentials);
  EXPECT_THAT(client.send({.doing = "list", .method = "GET"}).response.body,
              Not(HasSubstr("<Contents>")));
  EXPECT_THAT(uploads(), IsEmpty());
}

TEST_F(S3Test, ProbesWithoutRights) {
  auto credentials = server_->credentials;
  credentials.secret = "wrong";
  const auto checks = make_s3_store(target_, credentials)->probe();
  ASSERT_THAT(checks, Not(IsEmpty()));
  EXPECT_EQ(checks[0].outcome, Prober::Check::Outcome::kFails);
  EXPECT_THAT(checks[0].message, HasSubstr("secret key"));
}

TEST(S3Target, MustMakeSense) {
  const auto made_of = [](const std::string& endpoint, const std::string& bucket) {
    return [=] {
      S3Target target;
      target.endpoint = endpoint;
      target.bucket = bucket;
      make_s3_store(target, {"k", "s", ""});
    };
  };
  EXPECT_NO_THROW(made_of("", "a-bucket")());
  EXPECT_NO_THROW(made_of("https://host:9000/base/", "a-bucket")());
  EXPECT_NO_THROW(made_of("http://[::1]:9000", "a-bucket")());
  for (const char* endpoint :
       {"host", "ftp://host", "https://", "https://u:p@host", "https://host?x", "https://ho st"})
    EXPECT_THAT(made_of(endpoint, "a-bucket"), ThrowsError(ErrorKind::kBadInput)) << endpoint;
  for (const char* bucket : {"", "a", "a/bucket"})
    EXPECT_THAT(made_of("", bucket), ThrowsError(ErrorKind::kBadInput)) << bucket;
}

}  // namespace
}  // namespace backups
