#include "notify/alert.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "notify/channel.hpp"
#include "notify/deliver.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/paths.hpp"
#include "support/scripted_server.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::eventually;
using tests::Lab;
using tests::ScriptedServer;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

const Error kBroken(ErrorKind::kFailed, "the exporter failed: postgres://u:hunter2@db");
constexpr const char* kMade = "one-2026-04-08-12-00-00";

class AlertTest : public testing::Test {
 protected:
  AlertTest() { tests::subscribe(state_); }

  void set(const std::string& key, const std::string& value) {
    state_.settings.change(
        [&](Settings& settings) { settings.set(Settings::kGlobal, key, value); });
  }
  void set_webhook() { set("notify-webhook", server_.url() + "/hook/T0KEN"); }

  /// "event source target" of every queued message for a channel.
  std::vector<std::string> waiting(const std::string& channel = "webhook") {
    Statement query(state_.catalog.open().database(),
                    "SELECT message FROM outbox WHERE channel = ? ORDER BY key");
    query.bind(channel);
    std::vector<std::string> found;
    while (query.step()) {
      const Alert alert = parse_alert(query.text(0));
      found.push_back(trim(name_of(alert.kind) + " " + alert.source + " " + alert.target));
    }
    return found;
  }
  /// Seconds until the only queued message is due, and the number of attempts so far.
  std::pair<Time, std::int64_t> wait_of_message() {
    Statement query(state_.catalog.open().database(), "SELECT next_try, attempts FROM outbox");
    if (!query.step()) return {-1, -1};
    return {query.number(0) - now(), query.number(1)};
  }
  void make_due(Time older = 0) {
    state_.catalog.open().database().execute(
        "UPDATE outbox SET next_try = 0, queued_at = queued_at - " + std::to_string(older));
  }
  /// "method path body" of the requests that the server received, in order.
  std::vector<std::string> requests_received() {
    std::vector<std::string> found;
    for (const auto& request : server_.requests())
      found.push_back(request.method + " " + request.target + " " + request.body);
    return found;
  }
  void failed(const Error& error = kBroken, Trigger trigger = Trigger::kSchedule) {
    state_.events.publish(BackupFailed{Lab::source(), trigger, "", error});
  }
  void made() {
    Manifest manifest;
    manifest.id = kMade;
    manifest.source = Lab::source();
    state_.events.publish(BackupMade{manifest, kLocalTarget, "", true});
  }
  void copied(const std::string& target, const std::optional<Error>& error = {}) {
    state_.events.publish(CopyEnded{Lab::source(), kMade, target, error});
  }
  void raise(const Alert& alert) { state_.events.publish(Problem{alert}); }
  void ping(AlertKind kind, const std::string& message = {}) {
    state_.events.publish(SchedulesRan{kind, message});
  }
  void deliver() {
    backups::deliver(state_.hooks.environment, state_.paths, state_.settings, state_.catalog);
  }

  std::atomic<int> status_{200};
  Lab lab_;
  State state_ = lab_.open();
  ScriptedServer server_{[this](const ServerRequest&) { return ServerReply{.status = status_}; }};
};

TEST_F(AlertTest, AFailureIsToldOnceAndItsEndOnce) {
  set_webhook();
  failed();
  failed();
  EXPECT_THAT(waiting(), ElementsAre("failure fake:one"));
  made();
  made();
  EXPECT_THAT(waiting(), ElementsAre("failure fake:one", "recovery fake:one"));
}

TEST_F(AlertTest, AFailureNamesTheBackupThatFailed) {
  set_webhook();
  lab_.at("export", "exit 1");
  EXPECT_ANY_THROW(tests::create(state_));
  failed();
  deliver();
  ASSERT_THAT(server_.requests(), SizeIs(1));
  const Json body = Json::parse(server_.requests()[0].body);
  const std::string id = body["backup"];
  EXPECT_EQ(tests::row_of(state_, id).status, BackupStatus::kFailed);
  EXPECT_EQ(body["host"], state_.identity.read().name);
  EXPECT_EQ(body["code"], 1);
}

TEST_F(AlertTest, ItIsToldAgainAfterNotifyEvery) {
  set_webhook();
  set("notify-every", "6h");
  Alert alert{.kind = AlertKind::kSilence, .source = "fake:one", .at = 1000};
  raise(alert);
  alert.at = 1000 + 6 * 3600 - 1;
  raise(alert);
  EXPECT_THAT(waiting(), SizeIs(1));
  alert.at = 1000 + 6 * 3600;
  raise(alert);
  EXPECT_THAT(waiting(), SizeIs(2));
}

TEST_F(AlertTest, NobodyHearsOfKindsThatWereNotAskedFor) {
  set_webhook();
  set("notify-on", "partial,recovery");
  failed();
  made();
  EXPECT_THAT(waiting(), IsEmpty());
  set("notify-on", "failure");
  failed();
  made();
  EXPECT_THAT(waiting(), ElementsAre("failure fake:one"));
}

TEST_F(AlertTest, EveryChannelThatIsSetHears) {
  set_webhook();
  set("notify-mail", "root");
  set("notify-command", "/bin/true");
  set("notify-ping", server_.url());
  raise({.kind = AlertKind::kSuspect, .source = "fake:one"});
  for (const char* channel : {"webhook", "mail", "command"})
    EXPECT_THAT(waiting(channel), ElementsAre("suspect fake:one")) << channel;
  EXPECT_THAT(waiting(kPing), IsEmpty()) << "it hears of runs, not of incidents";
}

TEST_F(AlertTest, WithoutAChannelNothingWaits) {
  failed();
  ping(AlertKind::kStart);
  EXPECT_EQ(wait_of_message().first, -1);
}

TEST_F(AlertTest, WhatNoBackupIsToBlameForIsNotTold) {
  set_webhook();
  for (const auto kind : {ErrorKind::kCancelled, ErrorKind::kBusy}) failed(Error(kind, "x"));
  failed(Error(ErrorKind::kNotFound, "mistyped"), Trigger::kManual);
  EXPECT_THAT(waiting(), IsEmpty());
  failed(Error(ErrorKind::kNotFound, "it is gone"));
  EXPECT_THAT(waiting(), ElementsAre("failure fake:one"));
}

TEST_F(AlertTest, ACopyThatFailedIsToldForItsTarget) {
  set_webhook();
  const Error refused(ErrorKind::kUnreachable, "no route");
  made();
  copied("far", refused);
  copied("near");
  EXPECT_THAT(waiting(), ElementsAre("partial fake:one far"));
  copied("far");
  copied("near", refused);
  EXPECT_THAT(waiting(), ElementsAre("partial fake:one far", "recovery fake:one far",
                                     "partial fake:one near"));
}

TEST_F(AlertTest, CopiesThatWereNotTriedAreNoGoodNews) {
  set_webhook();
  const Error refused(ErrorKind::kUnreachable, "no route");
  const Error cancelled(ErrorKind::kCancelled, "cancelled");
  copied("far", refused);
  copied("near", refused);
  made();
  copied("far", cancelled);
  EXPECT_THAT(waiting(), ElementsAre("partial fake:one far", "partial fake:one near"));
}

TEST_F(AlertTest, WhatWaitsHasNoSecret) {
  set_webhook();
  failed();
  Statement query(state_.catalog.open().database(), "SELECT message FROM outbox");
  ASSERT_TRUE(query.step());
  EXPECT_THAT(query.text(0), AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("T0KEN"))));
}

TEST_F(AlertTest, ADamagedStateIsAWarningAndNoError) {
  tests::spill(lab_.root() / "settings.json", "{");
  testing::internal::CaptureStderr();
  failed();
  made();
  ping(AlertKind::kStart);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("An alert could not be queued"));
}

TEST_F(AlertTest, IsDeliveredAndGone) {
  set_webhook();
  failed();
  deliver();
  deliver();
  ASSERT_THAT(requests_received(),
              ElementsAre(HasSubstr("POST /hook/T0KEN {\"event\":\"failure\"")));
  EXPECT_EQ(server_.requests()[0].header("content-type"), "application/json");
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(AlertTest, IsTriedAgainLaterAndLater) {
  set_webhook();
  status_ = 500;
  failed();
  deliver();
  std::vector<Time> waits;
  for (int attempt = 1; attempt <= 7; ++attempt) {
    const auto [wait, attempts] = wait_of_message();
    EXPECT_EQ(attempts, attempt);
    waits.push_back((wait + 30) / 60);
    deliver();  // not due
    make_due();
    deliver();
  }
  EXPECT_THAT(waits, ElementsAre(1, 5, 15, 60, 120, 240, 240));
  EXPECT_THAT(requests_received(), SizeIs(8));
  status_ = 200;
  make_due();
  deliver();
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(AlertTest, IsGivenUpAfterADayAndThatIsSaid) {
  set_webhook();
  status_ = 404;
  failed();
  make_due(86400 - 60);
  deliver();
  EXPECT_THAT(waiting(), SizeIs(1));
  make_due(60);
  testing::internal::CaptureStderr();
  deliver();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("webhook"), HasSubstr("answered 404"), Not(HasSubstr("T0KEN"))));
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(AlertTest, OfAChannelThatIsGoneIsForgotten) {
  set_webhook();
  failed();
  set("notify-webhook", "");
  deliver();
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_THAT(requests_received(), IsEmpty());
}

TEST_F(AlertTest, AChannelThatIsDownHoldsUpNoOther) {
  set("notify-webhook", "http://127.0.0.1:1/");
  set("notify-command", "/bin/true");
  for (const char* source : {"a:a", "b:b", "c:c"})
    raise({.kind = AlertKind::kFailure, .source = source});
  deliver();
  EXPECT_THAT(waiting("command"), IsEmpty());
  EXPECT_THAT(waiting(), SizeIs(3));
  Statement tried(state_.catalog.open().database(), "SELECT sum(attempts) FROM outbox");
  ASSERT_TRUE(tried.step());
  EXPECT_EQ(tried.number(0), 1) << "the others wait with the first";
}

TEST_F(AlertTest, PingsArriveInTheirOrder) {
  set("notify-ping", server_.url() + "/uuid?a=b");
  status_ = 503;
  ping(AlertKind::kStart);
  deliver();
  ping(AlertKind::kFailure, "it broke");
  ping(AlertKind::kSuccess);
  status_ = 200;
  deliver();
  EXPECT_THAT(requests_received(), ElementsAre("GET /uuid/start?a=b ", "GET /uuid/start?a=b ",
                                               "POST /uuid/fail?a=b it broke", "GET /uuid?a=b "));
}

TEST_F(AlertTest, ASwitchThatKnowsNoStartHearsTheRest) {
  set("notify-ping", server_.url() + "/uuid");
  status_ = 404;
  ping(AlertKind::kStart);
  testing::internal::CaptureStderr();
  deliver();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("was dropped"));
  EXPECT_THAT(waiting(kPing), IsEmpty());
}

TEST_F(AlertTest, IsDeliveredByOneProcessAtATime) {
  set_webhook();
  failed();
  {
    const auto lock = Lock::try_acquire(lab_.root() / "locks" / "deliver", "test");
    deliver();
    EXPECT_THAT(requests_received(), IsEmpty());
  }
  deliver();
  EXPECT_THAT(requests_received(), SizeIs(1));
}

TEST_F(AlertTest, IsDeliveredInTheBackgroundByTheHelper) {
  set_webhook();
  failed();
  EXPECT_FALSE(
      eventually([&] { return !requests_received().empty(); }, std::chrono::milliseconds(300)))
      << "nothing is started without a helper";
  state_.program.path = tests::helper_program();
  made();
  EXPECT_TRUE(eventually([&] { return requests_received().size() == 2; }));
  EXPECT_TRUE(eventually([&] { return waiting().empty(); }));
}

TEST_F(AlertTest, ACommandGetsItOnStdinAndInItsEnvironment) {
  const fs::path program = lab_.path() / "program";
  tests::spill(program, "#!/bin/bash\n{ cat; env; } >" + (lab_.path() / "heard").string());
  fs::permissions(program, fs::perms::owner_all);
  set("notify-command", program);
  failed();
  deliver();
  const std::string output = tests::slurp(lab_.path() / "heard");
  EXPECT_EQ(Json::parse(tests::lines_of(output).at(0))["event"], "failure");
  EXPECT_THAT(output, AllOf(HasSubstr("\nBACKUPS_EVENT=failure\n"),
                            HasSubstr("\nBACKUPS_SOURCE=fake:one\n"), HasSubstr("\nPATH="),
                            HasSubstr("\nBACKUPS_MESSAGE=the exporter failed: ")));
  EXPECT_THAT(output, Not(HasSubstr("hunter2")));
}

TEST_F(AlertTest, ACommandThatFailsSaysWhy) {
  const fs::path program = lab_.path() / "program";
  tests::spill(program, "#!/bin/bash\necho first >&2\necho 'no PASSWORD=hunter2' >&2\nexit 7\n");
  fs::permissions(program, fs::perms::owner_all);
  set("notify-command", program);
  const auto send = [&] {
    send_alert(state_.hooks.environment, state_.settings.read(), "command", Alert());
  };
  EXPECT_THAT(send, ThrowsError(ErrorKind::kFailed,
                                AllOf(HasSubstr("exit code 7"), HasSubstr(": no PASSWORD=***"),
                                      Not(HasSubstr("first")), Not(HasSubstr("hunter2")))));
}

}  // namespace
}  // namespace backups
