#include "notify/channel.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/scripted_server.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::Lab;
using tests::ScriptedServer;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

class ChannelTest : public testing::Test {
 protected:
  void set(const std::string& key, const std::string& value) {
    settings_.set(Settings::kGlobal, key, value);
  }
  void send(const std::string& channel, const Alert& alert = {.message = "words"}) {
    send_alert(environment_, settings_, channel, alert);
  }

  int status_ = 200;
  Settings settings_;
  Lab lab_;
  Environment environment_{{"PATH", "/usr/bin:/bin"}};
  ScriptedServer server_{[this](const ServerRequest&) {
    return ServerReply{.status = status_, .body = "not for you: T0KEN"};
  }};
};

TEST_F(ChannelTest, ThePingIsNoChannelForAlerts) {
  EXPECT_THAT(alert_channels(settings_), IsEmpty());
  set("notify-webhook", server_.url());
  set("notify-ping", server_.url());
  EXPECT_THAT(alert_channels(settings_), ElementsAre("webhook"));
  EXPECT_TRUE(has_channel(settings_, kPing));
  EXPECT_FALSE(has_channel(settings_, "mail"));
  EXPECT_FALSE(has_channel(settings_, "pigeon"));
}

TEST_F(ChannelTest, OneThatIsNotSetUpIsNotFound) {
  EXPECT_THAT([&] { send("mail"); }, ThrowsError(ErrorKind::kNotFound));
}

TEST_F(ChannelTest, ARefusalIsToldFromATroubleThatPasses) {
  set("notify-webhook", server_.url() + "/T0KEN");
  for (const auto& [status, kind] :
       std::vector<std::pair<int, ErrorKind>>{{400, ErrorKind::kRefused},
                                              {404, ErrorKind::kRefused},
                                              {408, ErrorKind::kUnreachable},
                                              {429, ErrorKind::kUnreachable},
                                              {500, ErrorKind::kUnreachable},
                                              {302, ErrorKind::kUnreachable}}) {
    status_ = status;
    EXPECT_THAT([&] { send("webhook"); },
                ThrowsError(kind, AllOf(HasSubstr("the server answered " + std::to_string(status)),
                                        Not(HasSubstr("T0KEN")))));
  }
}

TEST_F(ChannelTest, APingWithoutAMessageIsAGet) {
  set("notify-ping", server_.url() + "/uuid");
  send(kPing, {.kind = AlertKind::kSuccess});
  send(kPing, {.kind = AlertKind::kFailure, .message = "it broke"});
  std::vector<std::string> requests;
  for (const auto& request : server_.requests())
    requests.push_back(request.method + " " + request.target + " " + request.body);
  EXPECT_THAT(requests, ElementsAre("GET /uuid ", "POST /uuid/fail it broke"));
}

TEST_F(ChannelTest, AMailGoesToTheSendmailOfThePath) {
  const fs::path sendmail = lab_.path() / "bin" / "sendmail";
  tests::spill(sendmail,
               "#!/bin/bash\n{ echo \"$@\"; cat; } >" + (lab_.path() / "mail").string() + "\n");
  fs::permissions(sendmail, fs::perms::owner_all);
  environment_["PATH"] = sendmail.parent_path().string() + ":/usr/bin:/bin";
  set("notify-mail", "ann@example.com");
  send("mail", {.message = "words", .host = "host-0a0b0c0d"});
  EXPECT_THAT(tests::slurp(lab_.path() / "mail"),
              AllOf(HasSubstr("-t -i\n"), HasSubstr("To: ann@example.com"), HasSubstr("words")));
}

TEST_F(ChannelTest, AProgramThatCannotBeStartedIsAnErrorOfItsChannel) {
  set("notify-command", (lab_.path() / "nosuch").string());
  EXPECT_THROW(send("command"), Error);
}

}  // namespace
}  // namespace backups
