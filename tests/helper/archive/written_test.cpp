#include "archive/written.hpp"

#include <gmock/gmock.h>

#include <cerrno>

#include "store/local.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/faults.hpp"
#include "support/memory_store.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::FaultOutcome;
using tests::FaultPlan;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

constexpr const char* kFirst = "fake/one/x.a.dump";
constexpr const char* kSecond = "fake/one/x.b.dump";
constexpr const char* kManifest = "fake/one/x.json";

void put(Store& store, const std::string& key) {
  const auto file = store.put(key);
  file->write("x");
  file->finish();
}

/// Remembers what it is told to clean up, and fails where a test says so.
class CleanedStore : public Store {
 public:
  std::unique_ptr<Sink> put(const std::string& key, std::optional<std::uint64_t> size) override {
    return store_->put(key, size);
  }
  std::unique_ptr<Sink> put_new(const std::string& key,
                                std::optional<std::uint64_t> size) override {
    return store_->put_new(key, size);
  }
  bool get(const std::string& key, Sink& sink) override { return store_->get(key, sink); }
  std::optional<Entry> find(const std::string& key) override {
    if (find_error) throw KeyHidden(*find_error);
    return store_->find(key);
  }
  std::vector<Entry> list(const std::string& prefix) override { return store_->list(prefix); }
  void remove(const std::string& key) override {
    if (key == unremovable) throw Error(ErrorKind::kUnreachable, "no answer");
    cleaned.push_back("remove " + key);
    store_->remove(key);
  }
  void abandon(const std::string& key) override {
    cleaned.push_back("abandon " + key);
    store_->abandon(key);
  }

  std::optional<Error> find_error;
  std::string unremovable;
  std::vector<std::string> cleaned;

 private:
  std::unique_ptr<Store> store_ = tests::make_memory_store();
};

class WrittenTest : public testing::Test {
 protected:
  tests::TemporaryDirectory directory_;
  const fs::path notes_ = directory_ / "written";
  CleanedStore store_;
};

TEST_F(WrittenTest, LooksAtWhatIsThere) {
  EXPECT_FALSE(find_existing(store_, kFirst));
  put(store_, kFirst);
  EXPECT_EQ(find_existing(store_, kFirst).value().size, 1U);
  store_.find_error = Error(ErrorKind::kUnreachable, "403");
  EXPECT_FALSE(find_existing(store_, kFirst)) << "for credentials that may only write";
  EXPECT_THAT([] { find_existing(*tests::make_memory_store(), "../x"); },
              ThrowsError(ErrorKind::kBadInput))
      << "no other error says that nothing is there";
}

TEST_F(WrittenTest, NotesAKeyBeforeItIsWritten) {
  Written written(notes_);
  EXPECT_TRUE(written.empty());
  EXPECT_FALSE(fs::exists(notes_));
  written.begin(kFirst, std::nullopt);
  EXPECT_EQ(slurp(notes_), std::string("+") + kFirst + "\n");
  EXPECT_EQ(tests::mode_of(notes_), 0600U);
  EXPECT_TRUE(written.contains(kFirst));
  EXPECT_FALSE(written.contains(kSecond));
}

TEST_F(WrittenTest, RefusesAKeyThatIsTakenAndLeavesIt) {
  put(store_, kFirst);
  Written written(notes_);
  EXPECT_THAT(
      [&] { written.begin(kFirst, find_existing(store_, kFirst)); },
      ThrowsError(ErrorKind::kRefused, AllOf(HasSubstr("x.a.dump"), HasSubstr("left unchanged"))));
  EXPECT_THROW(written.begin(kFirst, find_existing(store_, kFirst)), KeyTaken);
  EXPECT_TRUE(written.empty());
  written.undo(store_);
  EXPECT_THAT(store_.cleaned, IsEmpty());
}

TEST_F(WrittenTest, RemovesTheNewestFirstAndOnlyWhatWasNoted) {
  Written written(notes_);
  for (const char* key : {kFirst, kSecond, kManifest}) {
    written.begin(key, find_existing(store_, key));
    put(store_, key);
  }
  put(store_, "fake/one/other.dump");
  written.undo(store_);
  EXPECT_THAT(store_.cleaned,
              ElementsAre(std::string("remove ") + kManifest, std::string("abandon ") + kManifest,
                          std::string("remove ") + kSecond, std::string("abandon ") + kSecond,
                          std::string("remove ") + kFirst, std::string("abandon ") + kFirst));
  EXPECT_THAT(store_.list("fake"), testing::SizeIs(1));
  EXPECT_TRUE(written.empty());
}

TEST_F(WrittenTest, IsReadByWhoeverCleansUpAfterADeadProcess) {
  {
    Written written(notes_);
    for (const char* key : {kFirst, kSecond}) written.begin(key, std::nullopt);
    written.forget(kFirst);
  }
  Written read(notes_);
  EXPECT_FALSE(read.contains(kFirst)) << "somebody else had it";
  EXPECT_TRUE(read.contains(kSecond));
  read.begin(kManifest, std::nullopt);
  EXPECT_TRUE(Written(notes_).contains(kManifest));
  Written(notes_).undo(store_);
  EXPECT_THAT(store_.cleaned,
              ElementsAre(std::string("remove ") + kManifest, std::string("abandon ") + kManifest,
                          std::string("remove ") + kSecond, std::string("abandon ") + kSecond));
}

/// Nothing of that name had been begun. As a key it would be refused for ever, or be another's.
TEST_F(WrittenTest, ALineThatAPowerFailureCutShortIsNoKey) {
  for (const char* cut : {"+", "+fake/", "+fake/one/x.b", "-", "-fake/one/x.a.dump"}) {
    spill(notes_, std::string("+") + kFirst + "\n" + cut);
    store_.cleaned.clear();
    Written(notes_).undo(store_);
    EXPECT_THAT(store_.cleaned,
                ElementsAre(std::string("remove ") + kFirst, std::string("abandon ") + kFirst))
        << cut;
  }
}

TEST_F(WrittenTest, ThatCannotBeUndoneGoesOnWhereItStopped) {
  Written written(notes_);
  for (const char* key : {kFirst, kSecond, kManifest}) written.begin(key, std::nullopt);
  store_.unremovable = kSecond;
  EXPECT_THAT([&] { written.undo(store_); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_FALSE(written.contains(kManifest));
  EXPECT_TRUE(written.contains(kSecond));
  EXPECT_TRUE(written.contains(kFirst));
  store_.unremovable.clear();
  written.undo(store_);
  EXPECT_TRUE(written.empty());
}

TEST_F(WrittenTest, ThatCannotBeNotedIsNotBegun) {
  Written written(directory_.path() / "none" / "written");
  EXPECT_THAT([&] { written.begin(kFirst, std::nullopt); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("none/written")));
  EXPECT_TRUE(written.empty());
}

class WrittenFault : public testing::TestWithParam<FaultPlan> {};

TEST_P(WrittenFault, LeavesNoFileThatIsNotNoted) {
  const int count = tests::for_every_call(GetParam(), [](const FaultPlan& plan) {
    SCOPED_TRACE("call " + std::to_string(plan.at));
    const tests::TemporaryDirectory directory;
    const fs::path root = directory / "root";
    fs::create_directories(root / "fake" / "one");
    const FaultOutcome outcome = run_with_fault(plan, [&] {
      const auto store = make_local_store(root);
      Written written(directory / "written");
      for (const char* key : {kFirst, kManifest}) {
        written.begin(key, find_existing(*store, key));
        put(*store, key);
      }
    });
    EXPECT_NE(outcome.end, FaultOutcome::End::kOtherException);
    Written written(directory / "written");
    const auto store = make_local_store(root);
    for (const auto& entry : store->list("fake"))
      EXPECT_TRUE(written.contains(entry.key)) << entry.key;
    written.undo(*store);
    EXPECT_THAT(tests::files_below(root), IsEmpty());
    return outcome;
  });
  EXPECT_GT(count, 8);
}

INSTANTIATE_TEST_SUITE_P(Kinds, WrittenFault,
                         testing::Values(FaultPlan{FaultPlan::Kind::kFails, 0, ENOSPC},
                                         FaultPlan{FaultPlan::Kind::kKilled},
                                         FaultPlan{FaultPlan::Kind::kPowerCut}),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace backups
