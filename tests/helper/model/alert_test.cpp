#include "model/alert.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/errors.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;
using tests::lines_of;
using tests::ThrowsError;

constexpr Time kNoon = 1775649600;  // 2026-04-08T12:00:00Z, a Wednesday

Alert failure() {
  return {.kind = AlertKind::kFailure,
          .source = "postgres:my-db",
          .backup = "my-db-2026-04-08-12-00-00",
          .message = "the server went away",
          .code = 1,
          .host = "alpha-0a1b2c3d",
          .at = kNoon};
}

std::string mail(const Alert& alert) {
  return mail_of(alert, "ann@example.com,root", "", "1@alpha");
}

TEST(Alert, AsJsonHasEveryField) {
  EXPECT_EQ(Json::parse(to_json_text(failure())), Json::parse(R"({
    "event": "failure", "source": "postgres:my-db", "backup": "my-db-2026-04-08-12-00-00",
    "target": "", "schedule": "", "host": "alpha-0a1b2c3d", "message": "the server went away",
    "code": 1, "at": "2026-04-08T12:00:00Z"})"));
  EXPECT_EQ(post_of(failure(), "json").body, to_json_text(failure()) + "\n");
}

TEST(Alert, SurvivesItsJson) {
  Alert alert = failure();
  alert.target = "offsite";
  alert.schedule = "daily";
  alert.message = "Zoë said \"no\" \\ twice";
  EXPECT_EQ(to_json_text(parse_alert(to_json_text(alert))), to_json_text(alert));
  for (const char* text : {"", "{}", "[]", R"({"event":"nope"})"})
    EXPECT_THAT([&] { parse_alert(text); }, ThrowsError(ErrorKind::kDamaged));
}

TEST(Alert, ForSlackIsItsMarkup) {
  Alert alert = failure();
  alert.message = "<!channel> a & b";
  const Json body = Json::parse(post_of(alert, "slack").body);
  EXPECT_EQ(body.size(), 1U);
  EXPECT_EQ(body["text"],
            "Backup of postgres:my-db failed (alpha-0a1b2c3d)\n&lt;!channel&gt; a &amp; b");
}

TEST(Alert, ForDiscordIsNotTooLongAndRingsNobody) {
  Alert alert = failure();
  for (std::string* text : {&alert.source, &alert.host, &alert.message})
    for (int i = 0; i < 1000; ++i) *text += "ë€";
  const Json body = Json::parse(post_of(alert, "discord").body);
  EXPECT_LE(body["content"].get<std::string>().size(), 2000U);
  EXPECT_GT(body["content"].get<std::string>().size(), 1900U);
  EXPECT_THAT(body["content"].get<std::string>(), EndsWith("..."));
  EXPECT_EQ(body["allowed_mentions"]["parse"], Json::array());
}

TEST(Alert, ForNtfyIsTextUnderATitle) {
  const Post post = post_of(failure(), "ntfy");
  EXPECT_EQ(post.body, "the server went away");
  EXPECT_THAT(post.headers, Contains(Pair("Priority", "high")));
  EXPECT_THAT(post.headers, Contains(Pair("Tags", "rotating_light")));
  EXPECT_THAT(post.headers,
              Contains(Pair("Title", "Backup of postgres:my-db failed (alpha-0a1b2c3d)")));
}

TEST(Alert, AsMailIsOneThatSendmailTakes) {
  const std::string text = mail(failure());
  EXPECT_THAT(text, StartsWith("To: ann@example.com,\n root\nSubject: Backup of postgres:my-db "
                               "failed (alpha-0a1b2c3d)\nDate: Wed, 08 Apr 2026 12:00:00 +0000\n"
                               "Message-ID: <1@alpha>\nAuto-Submitted: auto-generated\n"));
  EXPECT_THAT(text, HasSubstr("\n\nBackup of postgres:my-db failed.\n\nthe server went away\n\n"));
  EXPECT_THAT(text, HasSubstr("\nBackup:   my-db-2026-04-08-12-00-00\n"));
  EXPECT_THAT(mail_of(failure(), "root", "ann@example.com", "1@a"),
              StartsWith("From: ann@example.com\nTo: root\n"));
}

// Python's parser is somebody else's opinion of the RFCs.
TEST(Alert, AsMailReadsBackWhateverIsInItsSubject) {
  Alert alert = failure();
  alert.source = "sqlite:/srv/Zoë_=?UTF-8?Q?x?= ñandú 東京 the subject goes on and on and on/a.db";
  const std::string source =
      tests::shell(
          "cat >/tmp/mail.$$ <<'END'\n" + mail(alert) +
          "\nEND\n/usr/bin/python3 -c 'import email,email.policy,sys;"
          "m=email.message_from_binary_file(open(sys.argv[1],\"rb\"),policy=email.policy.default);"
          "print(m[\"subject\"]);print(len(m.defects));print(m[\"to\"])' /tmp/mail.$$; rm "
          "/tmp/mail.$$")
          .out;
  EXPECT_EQ(source,
            "Backup of " + alert.source + " failed (alpha-0a1b2c3d)\n0\nann@example.com, root\n");
  for (const auto& line : lines_of(mail(alert)))
    if (line.starts_with("Subject: ") || line.starts_with(" =?"))
      EXPECT_LE(line.size(), 85U) << line;
}

TEST(Alert, CannotForgeAHeader) {
  Alert alert = failure();
  for (std::string* text : {&alert.source, &alert.backup, &alert.host, &alert.message})
    *text = "x\r\nBcc: eve@example.com\n\nhello\x1b[2J\xff";
  EXPECT_THAT(lines_of(mail(alert)), Each(Not(StartsWith("Bcc:"))));
  EXPECT_THAT(mail(alert), AllOf(Not(HasSubstr("\r")), Not(HasSubstr("\x1b"))));
  for (const auto& [name, value] : post_of(alert, "ntfy").headers)
    EXPECT_EQ(value.find_first_of("\r\n\x1b"), std::string::npos) << name;
}

TEST(Alert, HasNoSecretAndNoControlCharacterInAnyForm) {
  Alert alert = failure();
  alert.message =
      "cannot reach postgres://ann:hunter2@db/x PGPASSWORD=hunter2\npassword: 'hunter2'\x07";
  std::vector<std::string> forms = {to_json_text(alert), mail(alert), cleaned(alert).message};
  for (const char* format : {"json", "slack", "discord", "ntfy"})
    forms.push_back(post_of(alert, format).body);
  EXPECT_THAT(forms, Each(AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("\x07")),
                                Not(HasSubstr("\\u0007")), HasSubstr("cannot reach"))));
}

TEST(Alert, IsCutBetweenCharacters) {
  Alert alert = failure();
  alert.message.clear();
  for (int i = 0; i < 1000; ++i) alert.message += "ë";
  alert.message += "end";
  const std::string text = cleaned(alert).message;
  EXPECT_LE(text.size(), 900U);
  EXPECT_THAT(text, EndsWith("ë..."));
}

TEST(AlertKinds, AreReadFromAList) {
  EXPECT_THAT(parse_alert_kinds("failure,silence").value(),
              ElementsAre(AlertKind::kFailure, AlertKind::kSilence));
  for (const char* wrong : {"", "fail", "failure,", "test", "start", "failure, silence"})
    EXPECT_FALSE(parse_alert_kinds(wrong)) << wrong;
}

TEST(Alert, IsAboutTheSameWhenItRecovers) {
  Alert alert = failure();
  EXPECT_EQ(subject_of(alert), "postgres:my-db");
  alert.message = "another";
  alert.backup = "another";
  alert.kind = AlertKind::kRecovery;
  EXPECT_EQ(subject_of(alert), "postgres:my-db");
  alert.target = "offsite";
  EXPECT_EQ(subject_of(alert), "postgres:my-db offsite");
}

struct PingCase {
  const char* url;
  AlertKind kind;
  const char* pinged;
};
class Ping : public testing::TestWithParam<PingCase> {};
TEST_P(Ping, GoesBehindThePath) {
  EXPECT_EQ(ping_url(GetParam().url, GetParam().kind), GetParam().pinged);
}
INSTANTIATE_TEST_SUITE_P(
    Urls, Ping,
    testing::Values(PingCase{"https://hc/uuid", AlertKind::kSuccess, "https://hc/uuid"},
                    PingCase{"https://hc/uuid", AlertKind::kTest, "https://hc/uuid"},
                    PingCase{"https://hc/uuid", AlertKind::kStart, "https://hc/uuid/start"},
                    PingCase{"https://hc/uuid/", AlertKind::kFailure, "https://hc/uuid/fail"},
                    PingCase{"https://hc/u?a=/b", AlertKind::kFailure, "https://hc/u/fail?a=/b"},
                    PingCase{"https://hc/u?a=b", AlertKind::kSuccess, "https://hc/u?a=b"}));

TEST(Addresses, AreWithoutAnythingAHeaderCouldMistake) {
  for (const char* good : {"root", "ann@example.com", "a.b+c@x-y.example,root"})
    EXPECT_TRUE(valid_addresses(good)) << good;
  for (const char* bad :
       {"", ",", "a@b,", "a b", "a@b\nBcc: c", "a@b@c", "@b", "a@", "-t", "<a@b>", "Ann <a@b>",
        "a@b;c", "\"a\"@b", "a@[1.2.3.4]", "zoë@example.com", ".a@b", "a@b."})
    EXPECT_FALSE(valid_addresses(bad)) << bad;
}

}  // namespace
}  // namespace backups
