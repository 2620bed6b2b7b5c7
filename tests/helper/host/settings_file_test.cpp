#include "host/settings_file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>

#include "base/text.hpp"
#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/faults.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::SizeIs;
using tests::FaultOutcome;
using tests::FaultPlan;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

class SettingsFileTest : public testing::Test {
 protected:
  SettingsFileTest() {
    make_state_directory(paths_);
    spill(paths_.settings(), R"({"format":1,"host_id":"00c0ffee"})");
  }
  static void pin(Settings& settings) { settings.pins.insert("fake:one"); }

  tests::TemporaryDirectory directory_;
  const Paths paths_{directory_ / "it's a state"};
  SettingsFile file_{paths_};
};

TEST_F(SettingsFileTest, ThatIsMissingMeansTheDefaultsAndIsNotMadeByReading) {
  fs::remove(paths_.settings());
  EXPECT_EQ(file_.read().to_text(), Settings().to_text());
  EXPECT_FALSE(fs::exists(paths_.settings()));
}

TEST_F(SettingsFileTest, IsMadeForItsOwnerOnly) {
  fs::remove(paths_.settings());
  file_.change(pin);
  EXPECT_EQ(tests::mode_of(paths_.settings()), 0600U);
  EXPECT_TRUE(SettingsFile(paths_).read().is_pinned("fake:one"));
}

TEST_F(SettingsFileTest, IsReadAgainEveryTime) {
  EXPECT_FALSE(file_.read().is_pinned("fake:one"));
  SettingsFile(paths_).change(pin);
  EXPECT_TRUE(file_.read().is_pinned("fake:one"));
}

TEST_F(SettingsFileTest, ChangesSettingsOneAfterTheOther) {
  std::vector<std::unique_ptr<tests::Child>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(std::make_unique<tests::Child>([this, i] {
      SettingsFile own(paths_);
      for (int j = 0; j < 25; ++j)
        own.change([&](Settings& settings) {
          settings.pins.insert(std::to_string(i) + "." + std::to_string(j));
        });
      return 0;
    }));
  }
  for (auto& child : children) EXPECT_EQ(child->wait(), tests::exited(0));
  EXPECT_THAT(file_.read().pins, SizeIs(100));
}

TEST_F(SettingsFileTest, LeavesSettingsAloneWhenTheChangeFails) {
  const std::string before = slurp(paths_.settings());
  EXPECT_THROW(file_.change([](Settings& settings) {
    settings.host_id = "changed";
    throw Error(ErrorKind::kBadInput, "no");
  }),
               Error);
  EXPECT_EQ(slurp(paths_.settings()), before);
}

TEST_F(SettingsFileTest, DoesNotReplaceDamagedSettings) {
  spill(paths_.settings(), "{ half");
  EXPECT_THAT([&] { file_.read(); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT([&] { file_.change([](Settings&) {}); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_EQ(slurp(paths_.settings()), "{ half");
}

TEST_F(SettingsFileTest, ThatIsDamagedIsNamedWithTheReasonAndTheWayToStartWithoutIt) {
  spill(paths_.settings(), "");
  const std::string file = paths_.settings().string();
  EXPECT_THAT([&] { file_.read(); },
              ThrowsError(ErrorKind::kDamaged, AllOf(HasSubstr(file + " is not valid: it is empty"),
                                                     HasSubstr("mv " + shell_quote(file) + " " +
                                                               shell_quote(file + ".damaged")))));
}

TEST_F(SettingsFileTest, ThatIsDamagedMayBeReadAsTheDefaultsButIsNeverReplacedByThem) {
  spill(paths_.settings(), "{ half");
  file_.use_defaults();
  EXPECT_EQ(file_.read().to_text(), Settings().to_text());
  EXPECT_THAT([&] { file_.change(pin); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_EQ(slurp(paths_.settings()), "{ half");
}

TEST_F(SettingsFileTest, ThatIsSomethingElseIsNotTakenForMissing) {
  const auto expect_damage = [&](const std::string& why) {
    EXPECT_THAT([&] { file_.read(); }, ThrowsError(ErrorKind::kDamaged, HasSubstr(why)));
    EXPECT_THAT([&] { file_.change(pin); }, ThrowsError(ErrorKind::kDamaged, HasSubstr(why)));
  };
  fs::remove(paths_.settings());
  fs::create_directory(paths_.settings());
  expect_damage("it is not a regular file");
  fs::remove(paths_.settings());
  fs::create_symlink(directory_ / "none", paths_.settings());
  expect_damage("it is a link to a missing file");
  EXPECT_TRUE(fs::is_symlink(paths_.settings()));
  EXPECT_FALSE(fs::exists(directory_ / "none"));
}

TEST_F(SettingsFileTest, ThatThisUserMayNotReadIsNotTakenForMissing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  for (const auto& open : {directory_.path(), paths_.root, paths_.root / "locks"})
    fs::permissions(open, fs::perms::all);
  fs::permissions(paths_.settings(), fs::perms::owner_read);
  const auto ending = tests::run_in_child([&] {
    EXPECT_EQ(::setuid(65534), 0);
    const auto refused = ThrowsError(
        ErrorKind::kDamaged, HasSubstr("chown --reference=" + shell_quote(paths_.root.string())));
    EXPECT_THAT([&] { file_.read(); }, refused);
    EXPECT_THAT([&] { file_.change(pin); }, refused);
    return 0;
  });
  EXPECT_EQ(ending, tests::exited(0));
}

class SettingsFileFault : public testing::TestWithParam<FaultPlan> {};

TEST_P(SettingsFileFault, LeavesTheOldSettingsOrTheNew) {
  const int count = tests::for_every_call(GetParam(), [](const FaultPlan& plan) {
    SCOPED_TRACE("call " + std::to_string(plan.at));
    const tests::TemporaryDirectory directory;
    const Paths paths{directory.path()};
    make_state_directory(paths);
    SettingsFile file(paths);
    const auto pin = [&](const char* backup) {
      file.change([&](Settings& settings) { settings.pins.insert(backup); });
    };
    pin("fake:old");
    const FaultOutcome outcome = run_with_fault(plan, [&] { pin("fake:new"); });
    EXPECT_NE(outcome.end, FaultOutcome::End::kOtherException);
    const auto pins = file.read().pins;
    EXPECT_THAT(pins, AnyOf(std::set<std::string>{"fake:old"},
                            std::set<std::string>{"fake:new", "fake:old"}));
    if (outcome.end == FaultOutcome::End::kDone) EXPECT_THAT(pins, SizeIs(2));
    pin("fake:later");
    EXPECT_EQ(file.read().pins.size(), pins.size() + 1);
    return outcome;
  });
  EXPECT_GT(count, 5);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SettingsFileFault,
                         testing::Values(FaultPlan{FaultPlan::Kind::kFails, 0, EIO},
                                         FaultPlan{FaultPlan::Kind::kFails, 0, ENOSPC},
                                         FaultPlan{FaultPlan::Kind::kKilled},
                                         FaultPlan{FaultPlan::Kind::kPowerCut}),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace backups
