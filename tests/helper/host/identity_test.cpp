#include "host/identity.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <functional>
#include <stdexcept>

#include "host/targets.hpp"
#include "support/capture.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/faults.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;
using tests::FaultOutcome;
using tests::FaultPlan;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

constexpr const char* kStranger = "0123456789abcdef";

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    make_state_directory(paths_);
    events_.subscribe([this](const HostEvent& event) {
      if (const auto* problem = std::get_if<Problem>(&event)) problems_.push_back(problem->alert);
      solved_ += std::holds_alternative<ProblemSolved>(event);
    });
  }
  void change(const std::function<void(HostIdentity&)>& change) {
    settings_.change([&](Settings& settings) { change(settings.host); });
  }
  void doubt(const std::string& writer = kStranger) {
    identity_.doubt("one-2020-01-01-00-00-00 on far is not ours", writer);
  }

  tests::TemporaryDirectory directory_;
  const Paths paths_{directory_.path()};
  SettingsFile settings_{paths_};
  Events events_;
  Identity identity_{paths_, settings_, events_};
  std::vector<Alert> problems_;
  int solved_ = 0;
};

TEST_F(IdentityTest, GivesTheHostANameThatStays) {
  const HostIdentity host = identity_.read();
  EXPECT_THAT(host.name, MatchesRegex(".+-[0-9a-f]{8}"));
  EXPECT_THAT(host.names, ElementsAre(host.name));
  EXPECT_THAT(host.writers, ElementsAre(MatchesRegex("[0-9a-f]{16}")));
  const std::string written = slurp(paths_.settings());
  EXPECT_EQ(identity_.read(), host);
  EXPECT_EQ(Identity(paths_, settings_, events_).read(), host);
  EXPECT_EQ(slurp(paths_.settings()), written);
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(IdentityTest, UsesTheDigitsThatTheSettingsHaveOnce) {
  settings_.change([](Settings& settings) { settings.host_id = "00c0ffee"; });
  EXPECT_THAT(identity_.read().name, testing::EndsWith("-00c0ffee"));
  EXPECT_EQ(settings_.read().host_id, "");
}

TEST_F(IdentityTest, HasAnotherWriterAfterEachBoot) {
  const HostIdentity first = identity_.read();
  change([](HostIdentity& host) { host.boot = "another"; });
  const HostIdentity second = identity_.read();
  EXPECT_EQ(second.name, first.name);
  ASSERT_THAT(second.writers, SizeIs(2));
  EXPECT_NE(second.writers[0], second.writers[1]);
  EXPECT_TRUE(second.wrote(first.writers[0])) << "what it wrote before is its own";
  EXPECT_EQ(identity_.read(), second);
  EXPECT_THAT(problems_, IsEmpty());
}

/// A token that only this process knows would be a stranger's in the eyes of the next one.
TEST_F(IdentityTest, SignsWithAWriterThatIsStoredWhereNoneCanBeAdded) {
  const HostIdentity first = identity_.read();
  change([](HostIdentity& host) { host.boot = "another"; });
  fs::remove(paths_.lock("settings"));
  fs::create_directory(paths_.lock("settings"));
  const HostIdentity second = identity_.read();
  EXPECT_EQ(second.name, first.name);
  EXPECT_EQ(second.writers, first.writers);
  fs::remove(paths_.lock("settings"));
  EXPECT_TRUE(identity_.read().wrote(second.writers.back()));
}

TEST_F(IdentityTest, OfACopiedDirectoryIsAnotherWriter) {
  const HostIdentity first = identity_.read();
  if (first.boot.empty()) GTEST_SKIP() << "needs /proc";
  const tests::TemporaryDirectory other;
  make_state_directory({other.path()});
  fs::copy_file(paths_.settings(), other / "settings.json");
  SettingsFile settings(Paths{other.path()});
  EXPECT_THAT(Identity(Paths{other.path()}, settings, events_).read().writers,
              ElementsAre(first.writers[0], testing::Ne(first.writers[0])));
}

TEST_F(IdentityTest, OnAnotherMachineGetsANameAtOnceAndThatIsAlerted) {
  const std::string name = identity_.read().name;
  if (identity_.read().machine.empty()) GTEST_SKIP() << "needs a machine-id";
  change([](HostIdentity& host) { host.machine = std::string(32, 'f'); });
  HostIdentity moved;
  EXPECT_THAT(tests::stderr_of([&] { moved = identity_.read(); }),
              AllOf(HasSubstr("not the machine on which " + name), HasSubstr("host --keep"),
                    HasSubstr("host --new")));
  EXPECT_NE(moved.name, name);
  EXPECT_THAT(moved.doubtful, ElementsAre(name));
  EXPECT_FALSE(moved.owns(name));
  EXPECT_THAT(moved.writers, SizeIs(2));
  EXPECT_EQ(identity_.read(), moved);
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_EQ(problems_[0].kind, AlertKind::kIdentity);
}

TEST_F(IdentityTest, ThatIsInDoubtWritesBelowANewNameAndOwnsTheOldOneNoMore) {
  const std::string name = identity_.read().name;
  EXPECT_THAT(tests::stderr_of([this] { doubt(); }), HasSubstr("one-2020-01-01-00-00-00 on far"));
  const HostIdentity host = identity_.read();
  EXPECT_NE(host.name, name);
  EXPECT_TRUE(host.owns(host.name));
  EXPECT_FALSE(host.owns(name));
  EXPECT_TRUE(host.is_doubtful(name));
  EXPECT_THAT(host.strangers, ElementsAre(kStranger));
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_THAT(problems_[0].message,
              AllOf(HasSubstr("below " + host.name), HasSubstr("those below " + name),
                    HasSubstr("another machine writes under the same name")));
}

/// As two commands do that find its manifest at the same time: the second must not put the new name
/// in doubt, which is nobody else's.
TEST_F(IdentityTest, IsPutInDoubtOnceByOneStranger) {
  const std::string name = identity_.read().name;
  doubt();
  const HostIdentity once = identity_.read();
  doubt();
  EXPECT_EQ(identity_.read(), once);
  EXPECT_THAT(once.doubtful, ElementsAre(name));
  EXPECT_THAT(problems_, SizeIs(1));
}

TEST_F(IdentityTest, ThatIsKeptIsTheOldOneAgainWithWhatWasWrittenMeanwhile) {
  const std::string name = identity_.read().name;
  doubt();
  const std::string meanwhile = identity_.read().name;
  identity_.keep();
  const HostIdentity host = identity_.read();
  EXPECT_EQ(host.name, name);
  EXPECT_THAT(host.doubtful, IsEmpty());
  EXPECT_TRUE(host.owns(name));
  EXPECT_TRUE(host.owns(meanwhile));
  EXPECT_EQ(solved_, 1);
}

TEST_F(IdentityTest, ThatIsRenewedLeavesTheOldNamesToTheOtherMachine) {
  const std::string name = identity_.read().name;
  doubt();
  const std::string fresh = identity_.read().name;
  identity_.renew();
  const HostIdentity host = identity_.read();
  EXPECT_EQ(host.name, fresh);
  EXPECT_THAT(host.doubtful, IsEmpty());
  EXPECT_THAT(host.others, ElementsAre(name));
  EXPECT_FALSE(host.owns(name));
  EXPECT_EQ(solved_, 1);
}

TEST_F(IdentityTest, IsRenewedWithoutADoubtToo) {
  const std::string name = identity_.read().name;
  identity_.renew();
  const HostIdentity host = identity_.read();
  EXPECT_NE(host.name, name);
  EXPECT_THAT(host.names, ElementsAre(host.name));
  EXPECT_THAT(host.others, ElementsAre(name));
}

TEST_F(IdentityTest, ThatIsNotUnderstoodIsReplacedByADecisionOnly) {
  const std::string unclear = R"({"host": {"name": "prod-00000001", "boot": 1}})";
  for (const bool keep : {true, false}) {
    spill(paths_.settings(), unclear);
    const std::string meanwhile = identity_.read().name;
    EXPECT_NE(meanwhile, "prod-00000001");
    EXPECT_TRUE(settings_.read().has_unclear_host());
    keep ? identity_.keep() : identity_.renew();
    EXPECT_THAT(unclear_settings(settings_.read()), IsEmpty());
    const HostIdentity host = identity_.read();
    EXPECT_TRUE(host.owns(meanwhile));
    EXPECT_EQ(host.owns("prod-00000001"), keep);
    EXPECT_EQ(host.name, keep ? "prod-00000001" : meanwhile);
  }
}

TEST_F(IdentityTest, OfSettingsThatAreDamagedIsUnknown) {
  spill(paths_.settings(), "{ half");
  EXPECT_THAT([this] { identity_.read(); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT([this] { doubt(); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT([this] { identity_.keep(); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_EQ(slurp(paths_.settings()), "{ half");
  EXPECT_THAT(problems_, IsEmpty()) << "nothing has changed";
}

class IdentityFault : public testing::TestWithParam<FaultPlan> {};

TEST_P(IdentityFault, ChangesNoName) {
  const int count = tests::for_every_call(GetParam(), [](const FaultPlan& plan) {
    SCOPED_TRACE("call " + std::to_string(plan.at));
    const tests::TemporaryDirectory directory;
    const Paths paths{directory.path()};
    make_state_directory(paths);
    SettingsFile settings(paths);
    Events events;
    Identity identity(paths, settings, events);
    const HostIdentity first = identity.read();
    settings.change([](Settings& changed) { changed.host.boot = "another"; });
    const FaultOutcome outcome = run_with_fault(plan, [&] {
      if (identity.read().name != first.name) throw std::runtime_error("another name");
    });
    EXPECT_NE(outcome.end, FaultOutcome::End::kOtherException);
    const HostIdentity after = identity.read();
    EXPECT_EQ(after.name, first.name);
    EXPECT_EQ(after.names, first.names);
    EXPECT_TRUE(after.wrote(first.writers[0]));
    EXPECT_THAT(after.writers, SizeIs(2));
    return outcome;
  });
  EXPECT_GT(count, 5);
}

INSTANTIATE_TEST_SUITE_P(Kinds, IdentityFault,
                         testing::Values(FaultPlan{FaultPlan::Kind::kFails, 0, ENOSPC},
                                         FaultPlan{FaultPlan::Kind::kKilled},
                                         FaultPlan{FaultPlan::Kind::kPowerCut}),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace backups
