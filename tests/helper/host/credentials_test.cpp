#include "host/credentials.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "support/capture.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/scripted_server.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::ScriptedServer;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

/// Hides the credentials of the machine itself: the environment is empty, and there is no metadata
/// service of an instance.
class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
          "AWS_EC2_METADATA_DISABLED", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"})
      ::unsetenv(name);
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9");
    set("AWS_SHARED_CREDENTIALS_FILE", (lab_.root() / "credentials").string());
  }

  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

  std::string found() {
    const S3Credentials credentials = find_credentials(state_.paths.root, "offsite", options_);
    return credentials.key + " " + credentials.secret + " " + credentials.token + " " +
           credentials.origin;
  }

  tests::Lab lab_;
  State state_ = lab_.open();
  TargetOptions options_;
};

TEST_F(CredentialsTest, AreThoseThatWereGivenBeforeAnyOther) {
  set("AWS_ACCESS_KEY_ID", "other");
  set("AWS_SECRET_ACCESS_KEY", "other");
  save_credentials(state_.paths.root, "offsite", parse_credentials("KEY\nSECRET\nto:ken\n"));
  EXPECT_EQ(found(), "KEY SECRET to:ken given");
  EXPECT_EQ(tests::mode_of(state_.paths.root / "secrets" / "offsite"), 0600U);
  forget_credentials(state_.paths.root, "offsite");
  EXPECT_EQ(found(), "other other  environment");
}

TEST_F(CredentialsTest, AreOfTheProfileThatTheTargetNames) {
  tests::spill(lab_.root() / "credentials",
               "[default]\naws_access_key_id=no\naws_secret_access_key=no\n"
               "[backups]\n# a comment\naws_access_key_id = K\naws_secret_access_key= S=\n"
               "aws_session_token=T\n[next]\naws_access_key_id=no\n");
  options_ = {{"profile", "backups"}};
  EXPECT_EQ(found(), "K S= T profile backups");
  options_ = {{"profile", "absent"}};
  EXPECT_THAT([&] { found(); }, ThrowsError(ErrorKind::kKey, HasSubstr("no profile 'absent'")));
}

TEST_F(CredentialsTest, AreOfTheContainersRole) {
  ScriptedServer server([](const ServerRequest& request) -> ServerReply {
    if (request.target != "/role" || request.header("authorization") != "let me in") return {403};
    return {200, R"({"AccessKeyId": "K", "SecretAccessKey": "S", "Token": "T"})"};
  });
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/role");
  tests::spill(lab_.root() / "token", "let me in\n");
  set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", (lab_.root() / "token").string());
  set("http_proxy", "http://127.0.0.1:9");
  EXPECT_EQ(found(), "K S T container role");
  ::unsetenv("http_proxy");
}

/// As Amazon EC2's guide describes version 2 of the service: nothing without a token.
ServerReply instance(const ServerRequest& request) {
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  if (request.target == "/latest/api/token") {
    const bool right =
        request.method == "PUT" && !request.header("x-aws-ec2-metadata-token-ttl-seconds").empty();
    return right ? ServerReply{200, "a token"} : ServerReply{400};
  }
  if (request.header("x-aws-ec2-metadata-token") != "a token") return {401};
  if (request.target == roles) return {200, "backup-writer\n"};
  if (request.target != roles + "backup-writer") return {404};
  return {200, R"({"Code": "Success", "AccessKeyId": "K", "SecretAccessKey": "S", "Token": "T",
                   "Expiration": "2026-04-08T14:30:00Z"})"};
}

TEST_F(CredentialsTest, AreOfTheInstancesRoleInTheEnd) {
  ScriptedServer server(instance);
  set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
  EXPECT_EQ(found(), "K S T instance role backup-writer");
  EXPECT_EQ(find_credentials(state_.paths.root, "offsite", options_).expires,
            parse_rfc3339("2026-04-08T14:30:00Z"));
  set("AWS_EC2_METADATA_DISABLED", "true");
  EXPECT_THAT([&] { found(); }, ThrowsError(ErrorKind::kKey, HasSubstr("no credentials")));
}

TEST_F(CredentialsTest, AreNoneWhereARoleTalksNonsense) {
  std::string answer;
  ScriptedServer server([&](const ServerRequest& request) -> ServerReply {
    if (request.target.ends_with("backup-writer")) return {200, answer};
    return instance(request);
  });
  set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
  for (const char* nonsense : {"", "[]", "{", R"({"AccessKeyId": 1})", R"({"AccessKeyId": "K"})"}) {
    answer = nonsense;
    EXPECT_THAT([&] { found(); }, ThrowsError(ErrorKind::kKey, HasSubstr("no credentials")))
        << nonsense;
  }
}

TEST_F(CredentialsTest, AreNotRepeatedWhereTheyAreWrong) {
  for (const char* wrong : {"", "KEY", "KEY:", ":SECRET", "KEY:SE CRET",
                            "KEY:SECRET:", "KEY\nSE CRET", "KEY\n\nTOKEN", "a\nb\nc\nd",
                            "KEY\nSE\x01"
                            "CRET"}) {
    EXPECT_THAT([&] { parse_credentials(wrong); },
                ThrowsError(ErrorKind::kBadInput, Not(HasSubstr("SE CRET"))))
        << wrong;
  }
}

TEST_F(CredentialsTest, MayHaveColonsOnLinesOfTheirOwn) {
  save_credentials(state_.paths.root, "offsite", parse_credentials("tenant:user\r\nse:cret:\n"));
  EXPECT_EQ(found(), "tenant:user se:cret:  given");
}

TEST_F(CredentialsTest, OfASecretWithAColonDoNotBecomeAToken) {
  for (const char* unclear : {"KEY:SEC:RET", "tenant:user:SECRET", "KEY:SECRET:to:ken"})
    EXPECT_THAT([&] { parse_credentials(unclear); },
                ThrowsError(ErrorKind::kBadInput,
                            AllOf(HasSubstr("more than one colon"), Not(HasSubstr("SEC")))))
        << unclear;
  const std::string token(300, 'x');
  EXPECT_EQ(parse_credentials("KEY:SECRET:" + token).token, token);
}

TEST_F(CredentialsTest, OfTheEnvironmentAloneAreWarnedAbout) {
  EXPECT_THAT(tests::stderr_of([] { warn_of_environment("offsite", "given"); }), IsEmpty());
  EXPECT_THAT(tests::stderr_of([] { warn_of_environment("offsite", "environment"); }),
              AllOf(HasSubstr("offsite"), HasSubstr("cron")));
}

}  // namespace
}  // namespace backups
