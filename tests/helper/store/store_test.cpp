// The contract of Store, which every implementation must fulfil.
#include "store/store.hpp"

#include <gmock/gmock.h>

#include "store/local.hpp"
#include "store/s3/store.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/memory_store.hpp"
#include "support/s3_server.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::Collector;
using tests::ThrowsError;

struct Implementation {
  const char* name;
  std::unique_ptr<Store> (*make)(const std::filesystem::path& directory);
};

std::unique_ptr<Store> make_test_s3_store(const std::filesystem::path&) {
  const auto server = tests::s3_server();
  if (!server) return nullptr;
  return make_s3_store(tests::new_bucket(*server), server->credentials);
}

class StoreContract : public testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override {
    if (!store_) GTEST_SKIP() << tests::kNoS3;
  }
  void put(const std::string& key, const std::string& text) {
    const auto sink = store_->put(key);
    tests::write_in_pieces(*sink, text, 65536);
    sink->finish();
  }
  std::optional<std::string> get(const std::string& key) {
    Collector out;
    if (!store_->get(key, out)) return std::nullopt;
    EXPECT_EQ(out.finished, 0) << "whoever asked finishes";
    return out.text;
  }
  /// "key size", in the order of list().
  std::vector<std::string> list(const std::string& prefix) {
    std::vector<std::string> found;
    for (const auto& entry : store_->list(prefix))
      found.push_back(entry.key + " " + std::to_string(entry.size));
    return found;
  }

  tests::TemporaryDirectory directory_;
  std::unique_ptr<Store> store_ = GetParam().make(directory_.path());
};

TEST_P(StoreContract, GivesBackWhatWasPut) {
  for (const std::size_t size : {0UL, 1UL, 1'048'576UL, 2'500'000UL}) {
    const std::string text = tests::noise(size);
    put("fake/one/x.dump", text);
    EXPECT_TRUE(get("fake/one/x.dump") == text) << size;
  }
}

TEST_P(StoreContract, HasNothingThatWasNotPut) {
  EXPECT_EQ(get("fake/one/x.dump"), std::nullopt);
  EXPECT_THAT(list("fake"), IsEmpty());
  EXPECT_THAT(list("fake/one"), IsEmpty());
}

TEST_P(StoreContract, ShowsNothingBeforeFinish) {
  const auto sink = store_->put("fake/one/x.dump");
  sink->write(tests::noise(3'000'000));
  EXPECT_EQ(get("fake/one/x.dump"), std::nullopt);
  EXPECT_THAT(list("fake"), IsEmpty());
  sink->finish();
  EXPECT_THAT(list("fake"), ElementsAre("fake/one/x.dump 3000000"));
}

TEST_P(StoreContract, DiscardsWhatIsNotFinished) {
  store_->put("fake/one/x.dump")->write("half");
  EXPECT_EQ(get("fake/one/x.dump"), std::nullopt);
  EXPECT_THAT(tests::files_below(directory_.path()), IsEmpty());
}

TEST_P(StoreContract, ReplacesAsAWhole) {
  put("fake/one/x.dump", "a longer first version");
  {
    const auto sink = store_->put("fake/one/x.dump");
    sink->write("second");
    EXPECT_EQ(get("fake/one/x.dump"), "a longer first version");
    sink->finish();
  }
  EXPECT_EQ(get("fake/one/x.dump"), "second");
  store_->put("fake/one/x.dump")->write("never finished");
  EXPECT_EQ(get("fake/one/x.dump"), "second");
}

TEST_P(StoreContract, KeepsSeveralUnfinishedApart) {
  const auto first = store_->put("fake/one/x.dump");
  const auto second = store_->put("fake/one/y.dump");
  first->write("1");
  second->write("2");
  second->finish();
  first->finish();
  EXPECT_EQ(get("fake/one/x.dump"), "1");
  EXPECT_EQ(get("fake/one/y.dump"), "2");
}

TEST_P(StoreContract, ListsWhatIsBelowADirectory) {
  put("fake/one/x.dump", "12345");
  put("fake/one/x.json", "1");
  put("fake/one-more/x.dump", "");
  put("other/one/x.dump", "1");
  EXPECT_THAT(list("fake/one"), ElementsAre("fake/one/x.dump 5", "fake/one/x.json 1"));
  EXPECT_THAT(list("other"), ElementsAre("other/one/x.dump 1"));
  EXPECT_THAT(list("fake/on"), IsEmpty()) << "a prefix is a directory";
  EXPECT_THAT(list(""), ElementsAre("fake/one-more/x.dump 0", "fake/one/x.dump 5",
                                    "fake/one/x.json 1", "other/one/x.dump 1"));
}

TEST_P(StoreContract, ListsByKey) {
  for (const char* key : {"fake/one/b", "fake/one-more/a", "fake/one.db/a", "fake/one/a"})
    put(key, "");
  EXPECT_THAT(list("fake"),
              ElementsAre("fake/one-more/a 0", "fake/one.db/a 0", "fake/one/a 0", "fake/one/b 0"));
}

TEST_P(StoreContract, RemovesAndForgivesWhatIsNotThere) {
  put("fake/one/x.dump", "1");
  put("fake/one/y.dump", "2");
  store_->remove("fake/one/x.dump");
  store_->remove("fake/one/x.dump");
  store_->remove("fake/none/x.dump");
  EXPECT_EQ(get("fake/one/x.dump"), std::nullopt);
  EXPECT_THAT(list("fake"), ElementsAre("fake/one/y.dump 1"));
}

TEST_P(StoreContract, FindsWhatIsUnderAKey) {
  EXPECT_FALSE(store_->find("fake/one/x.dump"));
  put("fake/one/x.dump", "12345");
  const auto found = store_->find("fake/one/x.dump");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, "fake/one/x.dump");
  EXPECT_EQ(found->size, 5U);
  EXPECT_FALSE(store_->find("fake/one/x.dum"));
  EXPECT_FALSE(store_->find("fake/one")) << "a directory is no object";
}

TEST_P(StoreContract, PutsNewOnesOnlyWhereNothingIs) {
  const auto file = directory_ / "a file";
  tests::spill(file, "from a file");
  const auto first = store_->put_new("fake/one/x.dump");
  first->write("first");
  first->finish();
  const auto second = store_->put_new("fake/one/x.dump");
  second->write("second");
  EXPECT_THROW(second->finish(), KeyTaken);
  EXPECT_THROW(store_->put_new_file("fake/one/x.dump", file), KeyTaken);
  EXPECT_EQ(get("fake/one/x.dump"), "first") << "what another has put is never replaced";
  store_->put_new_file("fake/one/y.dump", file);
  EXPECT_EQ(get("fake/one/y.dump"), "from a file");
}

TEST_P(StoreContract, AbandonsWhatIsUnfinishedAndNothingElse) {
  put("fake/one/x.dump", "1");
  put("fake/one/x.dump.zst", "2");
  store_->abandon("fake/one/x.dump");
  store_->abandon("fake/none/x.dump");
  EXPECT_THAT(list("fake"), ElementsAre("fake/one/x.dump 1", "fake/one/x.dump.zst 1"));
}

TEST_P(StoreContract, PutsAFile) {
  const auto file = directory_ / "a file";
  tests::spill(file, tests::noise(3'000'000));
  store_->put_file("fake/one/x.dump", file);
  EXPECT_TRUE(get("fake/one/x.dump") == tests::noise(3'000'000));
  EXPECT_THAT([&] { store_->put_file("fake/one/y.dump", directory_ / "none"); },
              ThrowsError(ErrorKind::kNotFound));
  EXPECT_EQ(get("fake/one/y.dump"), std::nullopt);
}

TEST_P(StoreContract, TakesEveryByteOfANameThatIsAllowed) {
  const std::string key = "fake/a_b.C-9/a_b.C-9-2026-04-08-14-30-00.my%20db.dump.zst";
  put(key, "1");
  EXPECT_EQ(get(key), "1");
  EXPECT_THAT(list("fake"), ElementsAre(key + " 1"));
}

TEST_P(StoreContract, RefusesHostileKeys) {
  for (const std::string& key :
       {std::string(""), std::string("/"), std::string("/etc/passwd"), std::string(".."),
        std::string("../x"), std::string("fake/../../x"), std::string("fake//x"),
        std::string("fake/one/"), std::string("./x"), std::string("fake/.x"),
        std::string("fake/.one/x"), std::string("a\0b", 3)}) {
    Collector out;
    EXPECT_THAT([&] { store_->put(key); }, ThrowsError(ErrorKind::kBadInput)) << key;
    EXPECT_THAT([&] { store_->get(key, out); }, ThrowsError(ErrorKind::kBadInput)) << key;
    if (!key.empty())  // "" is everything where a sync needs that
      EXPECT_THAT([&] { store_->list(key); }, ThrowsError(ErrorKind::kBadInput)) << key;
    EXPECT_THAT([&] { store_->remove(key); }, ThrowsError(ErrorKind::kBadInput)) << key;
    EXPECT_THAT([&] { store_->find(key); }, ThrowsError(ErrorKind::kBadInput)) << key;
    EXPECT_THAT([&] { store_->put_new(key); }, ThrowsError(ErrorKind::kBadInput)) << key;
    EXPECT_THAT([&] { store_->abandon(key); }, ThrowsError(ErrorKind::kBadInput)) << key;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, StoreContract,
    testing::Values(
        Implementation{"local", [](const auto& path) { return make_local_store(path); }},
        Implementation{"memory", [](const auto&) { return tests::make_memory_store(); }},
        Implementation{"s3", make_test_s3_store}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace backups
