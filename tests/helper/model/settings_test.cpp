#include "model/settings.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/paths.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::ThrowsError;

constexpr const char* kDb = "postgres:my-db";
constexpr std::uint64_t kGiB = 1ULL << 30;

TEST(Settings, HaveDefaults) {
  const Settings settings;
  EXPECT_EQ(settings.compression(kDb), parse_encoding("zstd:3").value());
  EXPECT_EQ(settings.seconds(kDb, "start-timeout"), 30 * 60);
  EXPECT_EQ(settings.seconds(kDb, "silence-timeout"), 10 * 60);
  EXPECT_EQ(settings.get(kDb, "compression"), "zstd");
  EXPECT_TRUE(settings.pins.empty());
  EXPECT_EQ(settings.host_id, "");
}

TEST(Settings, ASourceOverridesTheGlobalValueAndThatTheDefault) {
  Settings settings;
  settings.set(Settings::kGlobal, "compression", "gzip");
  settings.set(kDb, "compression", "none");
  EXPECT_EQ(settings.get(kDb, "compression"), "none");
  EXPECT_EQ(settings.get("redis:x", "compression"), "gzip");
  settings.set(kDb, "compression", "");
  EXPECT_EQ(settings.get(kDb, "compression"), "gzip");
  settings.set(Settings::kGlobal, "compression", "");
  EXPECT_EQ(settings.get(kDb, "compression"), "zstd");
}

TEST(Settings, UnsettingWhatWasNeverSetLeavesNothing) {
  Settings settings;
  settings.set(kDb, "compression", "");
  EXPECT_EQ(settings.to_text(), Settings().to_text());
}

struct ReserveCase {
  const char* value;
  std::uint64_t total;
  std::uint64_t reserve;
};
class DiskReserve : public testing::TestWithParam<ReserveCase> {};
TEST_P(DiskReserve, IsInBytes) {
  Settings settings;
  settings.set(kDb, "disk-reserve", GetParam().value);
  EXPECT_EQ(settings.disk_reserve(kDb, GetParam().total), GetParam().reserve);
}
INSTANTIATE_TEST_SUITE_P(Values, DiskReserve,
                         testing::Values(ReserveCase{"", 1000, 100},
                                         ReserveCase{"", 5 * kGiB, kGiB / 2},
                                         ReserveCase{"", 500 * kGiB, 2 * kGiB},
                                         ReserveCase{"25%", 1000, 250}, ReserveCase{"0%", 1000, 0},
                                         ReserveCase{"5G", 1000, 5 * kGiB},
                                         ReserveCase{"0", 1000, 0}, ReserveCase{"123", 1000, 123}));

struct DurationCase {
  const char* text;
  std::optional<std::int64_t> seconds;
};
class ParseDuration : public testing::TestWithParam<DurationCase> {};
TEST_P(ParseDuration, TakesANumberAndAUnit) {
  EXPECT_EQ(parse_duration(GetParam().text), GetParam().seconds) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Texts, ParseDuration,
    testing::Values(DurationCase{"90", 90}, DurationCase{"90s", 90}, DurationCase{"10m", 600},
                    DurationCase{"2h", 7200}, DurationCase{"1d", 86400}, DurationCase{"0", 0},
                    DurationCase{"", std::nullopt}, DurationCase{"m", std::nullopt},
                    DurationCase{"-1m", std::nullopt}, DurationCase{"1.5h", std::nullopt},
                    DurationCase{"1 h", std::nullopt}, DurationCase{"1w", std::nullopt},
                    DurationCase{"1hm", std::nullopt}, DurationCase{"1G", std::nullopt},
                    DurationCase{"9223372036854775807d", std::nullopt}));

struct SizeCase {
  const char* text;
  std::optional<std::uint64_t> bytes;
};
class ParseSize : public testing::TestWithParam<SizeCase> {};
TEST_P(ParseSize, TakesANumberAndAUnitOf1024) {
  EXPECT_EQ(parse_size(GetParam().text), GetParam().bytes) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Texts, ParseSize,
                         testing::Values(SizeCase{"1", 1}, SizeCase{"2K", 2048},
                                         SizeCase{"500M", 500ULL << 20}, SizeCase{"2G", 2 * kGiB},
                                         SizeCase{"3T", 3072 * kGiB}, SizeCase{"", std::nullopt},
                                         SizeCase{"G", std::nullopt}, SizeCase{"-1", std::nullopt},
                                         SizeCase{"1g", std::nullopt},
                                         SizeCase{"1GB", std::nullopt},
                                         SizeCase{"99999999T", std::nullopt},
                                         SizeCase{"10%", std::nullopt}));

struct PropertyCase {
  const char* name;
  const char* value;
  bool valid;
};
class PropertyValue : public testing::TestWithParam<PropertyCase> {};
TEST_P(PropertyValue, IsChecked) {
  const Property* property = find_property(GetParam().name);
  ASSERT_NE(property, nullptr);
  EXPECT_EQ(property->valid(GetParam().value), GetParam().valid) << GetParam().value;
}
INSTANTIATE_TEST_SUITE_P(
    Values, PropertyValue,
    testing::Values(
        PropertyCase{"compression", "gzip:1", true}, PropertyCase{"compression", "gzip:99", false},
        PropertyCase{"disk-reserve", "10%", true}, PropertyCase{"disk-reserve", "90%", true},
        PropertyCase{"disk-reserve", "91%", false}, PropertyCase{"disk-reserve", "-1%", false},
        PropertyCase{"disk-reserve", "%", false}, PropertyCase{"disk-reserve", "5G", true},
        PropertyCase{"disk-reserve", "5X", false}, PropertyCase{"start-timeout", "1s", true},
        PropertyCase{"start-timeout", "0", false}, PropertyCase{"start-timeout", "7d", true},
        PropertyCase{"start-timeout", "8d", false}, PropertyCase{"silence-timeout", "soon", false},
        PropertyCase{"notify-webhook", "https://hooks.example/services/T/B/x?a=b", true},
        PropertyCase{"notify-webhook", "http://[::1]:8080", true},
        PropertyCase{"notify-webhook", "ftp://example.com", false},
        PropertyCase{"notify-webhook", "file:///etc/passwd", false},
        PropertyCase{"notify-webhook", "https://", false},
        PropertyCase{"notify-webhook", "https:///x", false},
        PropertyCase{"notify-webhook", "https://a b", false},
        PropertyCase{"notify-webhook", "https://a\r\nX: y", false},
        PropertyCase{"notify-webhook", "https://a/#x", false},
        PropertyCase{"notify-webhook-format", "ntfy", true},
        PropertyCase{"notify-webhook-format", "xml", false},
        PropertyCase{"notify-mail", "a@b.example,root", true},
        PropertyCase{"notify-mail", "a@b, c@d", false},
        PropertyCase{"notify-mail-from", "a@b", true},
        PropertyCase{"notify-mail-from", "a@b,c@d", false},
        PropertyCase{"notify-command", "/usr/local/bin/tell", true},
        PropertyCase{"notify-command", "tell", false},
        PropertyCase{"notify-command", "/a\nb", false},
        PropertyCase{"notify-on", "failure,silence", true}, PropertyCase{"notify-on", "all", false},
        PropertyCase{"notify-every", "6h", true}, PropertyCase{"notify-every", "0", false},
        PropertyCase{"metrics-file", "/a/b.prom", true},
        PropertyCase{"metrics-file", "b.prom", false}, PropertyCase{"metrics-file", "/a/", false}));

TEST(Properties, AreKnownByNameAndAcceptTheirDefaults) {
  EXPECT_EQ(find_property("no-such"), nullptr);
  EXPECT_EQ(find_property(""), nullptr);
  for (const auto& property : properties()) {
    EXPECT_EQ(find_property(property.name), &property);
    if (*property.default_value != '\0') EXPECT_TRUE(property.valid(property.default_value));
    EXPECT_THAT(property.value_form, testing::Not(HasSubstr(";")));
  }
}

TEST(Properties, ThatAreSecretAreNotShown) {
  EXPECT_EQ(find_property("notify-ping")->shown("https://hc/uuid"), "*******");
  EXPECT_EQ(find_property("notify-ping")->shown(""), "");
  EXPECT_EQ(find_property("compression")->shown("gzip"), "gzip");
  const auto unclear =
      Settings::parse(R"({"properties": {"--global": {"notify-webhook": "//T0KEN"}}})").unclear();
  ASSERT_EQ(unclear.size(), 1U);
  EXPECT_THAT(unclear[0].message, testing::Not(HasSubstr("T0KEN")));
}

TEST(Properties, ThatReachTheHostAreForAShellOnly) {
  for (const char* name : {"notify-command", "metrics-file"})
    EXPECT_TRUE(find_property(name)->is(Property::kShellOnly)) << name;
  EXPECT_FALSE(find_property("compression")->is(Property::kShellOnly));
}

TEST(Settings, SurviveTheirText) {
  Settings settings;
  settings.host_id = "0a1b2c3d";
  settings.pins = {"postgres:my-db-2026-04-08-14-30-00"};
  settings.set(kDb, "compression", "zstd:9");
  settings.set(Settings::kGlobal, "start-timeout", "1h");
  const Settings read = Settings::parse(settings.to_text());
  EXPECT_EQ(read.host_id, settings.host_id);
  EXPECT_EQ(read.pins, settings.pins);
  EXPECT_EQ(read.get(kDb, "compression"), "zstd:9");
  EXPECT_EQ(read.seconds("a:b", "start-timeout"), 3600);
  EXPECT_EQ(read.to_text(), settings.to_text());
}

TEST(Settings, KeepTargets) {
  Settings settings;
  settings.targets["offsite"] = {{"bucket", "my-backups"}, {"prefix", "a/b"}};
  EXPECT_EQ(Settings::parse(settings.to_text()).targets, settings.targets);
}

TEST(Settings, ReadTheGoldenFileOfFormat1AndWriteItAgain) {
  const std::string text = tests::slurp(tests::golden("settings-v1.json"));
  const Settings settings = Settings::parse(text);
  EXPECT_EQ(settings.host_id, "0a1b2c3d");
  EXPECT_THAT(settings.pins, ElementsAre("postgres:my-db-2026-04-08-14-30-00",
                                         "sqlite:app.db-1f0c2a9b-2026-04-09-02-00-00"));
  EXPECT_EQ(settings.compression("postgres:my-db"), parse_encoding("zstd:9").value());
  EXPECT_EQ(settings.compression("redis:cache"), parse_encoding("gzip:6").value());
  EXPECT_EQ(settings.seconds("redis:cache", "silence-timeout"), 120);
  EXPECT_EQ(settings.disk_reserve("redis:cache", 1000), 50U);
  EXPECT_EQ(settings.to_text(), text);
}

class DamagedSettings : public testing::TestWithParam<std::pair<std::string, const char*>> {};
TEST_P(DamagedSettings, AreAnErrorThatSaysWhyInPlainWords) {
  EXPECT_THAT([] { Settings::parse(GetParam().first); },
              ThrowsError(ErrorKind::kDamaged, testing::StartsWith(GetParam().second)));
}
INSTANTIATE_TEST_SUITE_P(
    Texts, DamagedSettings,
    testing::Values(std::pair{"", "it is empty"}, std::pair{" \n", "it is empty"},
                    std::pair{"{", "it is truncated"},
                    std::pair{"{\"format\": 1,\n \"pins\"", "it is truncated"},
                    std::pair{"{\n\"a\": x}", "it is not valid JSON from line 2 on"},
                    std::pair{"\xff\xfe", "it is not valid JSON from line 1 on"},
                    std::pair{"{\"format\": 1e999}", "it holds a number that is too large"},
                    std::pair{"[]", "it is not a JSON object"},
                    std::pair{"null", "it is not a JSON object"},
                    std::pair{"{\"a\":" + std::string(5000, '['), "its JSON is nested"}));

/// What a newer version may write, or a person who edits the file.
class UnclearSettings : public testing::TestWithParam<const char*> {};
TEST_P(UnclearSettings, StopNothingElseAreNamedAndStayAsTheyAre) {
  auto json = nlohmann::json::parse(GetParam());
  json["properties"]["redis:cache"] = {{"compression", "gzip:1"}};
  Settings settings = Settings::parse(json.dump());
  EXPECT_EQ(settings.get("redis:cache", "compression"), "gzip:1");
  EXPECT_THAT(settings.unclear(), testing::Not(testing::IsEmpty()));
  for (const auto& unclear : settings.unclear())
    EXPECT_THAT(unclear.message, testing::Not(HasSubstr("json.exception")));
  settings.host.name = settings.host.name.empty() ? "now-00000001" : settings.host.name;
  settings.set("redis:cache", "compression", "none");
  auto written = nlohmann::json::parse(settings.to_text());
  json["properties"]["redis:cache"]["compression"] = "none";
  for (const auto& [key, value] : json.items()) EXPECT_EQ(written[key], value) << key;
}
INSTANTIATE_TEST_SUITE_P(
    Texts, UnclearSettings,
    testing::Values(R"({"format": 2})", R"({"targets": {"../x": {}}})",
                    R"({"targets": {"off": 1, "on": {"bucket": "bbb"}}})", R"({"targets": []})",
                    R"({"properties": {"a": 1}})", R"({"properties": {"a": {"compression": 1}}})",
                    R"({"properties": {"a": {"compression": "brotli"}}})",
                    R"({"properties": {"--global": {"timezone": "Mars/Phobos"}}})",
                    R"({"schedules": {"a": 1}})", R"({"schedules": [7]})",
                    R"({"schedules": [{"type": "a", "name": "b", "id": "c"}]})",
                    R"({"host": "str"})", R"({"host": {}})", R"({"host": {"name": 5}})",
                    R"({"host": {"name": "../x"}})", R"({"host": [1]})", R"({"host": null})",
                    R"({"host": {"name": "prod-00000001", "writers": 5}})", R"({"paths": 5})",
                    R"({"schedules": ["x", null]})", R"({"accepted": {"a": "b"}})",
                    R"({"pins": [1]})", R"({"pins": {"a": "b"}})"));

TEST(UnclearSettings, AreNamedWithoutTheirValuesWhichMayBeSecrets) {
  const auto unclear =
      Settings::parse(
          R"({"format": 1, "properties": {"--global": {"notify-webhook": ["S3CR3T"]}}})")
          .unclear();
  ASSERT_EQ(unclear.size(), 1U);
  EXPECT_THAT(unclear[0].message,
              testing::AllOf(HasSubstr("notify-webhook"), testing::Not(HasSubstr("S3CR3T"))));
}

TEST(UnclearSettings, LeaveAloneWhatIsFurtherBeyondThem) {
  const std::string text = R"({"later": {"a": [1]}, "properties": {"a:b": {"later": "x"}}})";
  EXPECT_THAT(Settings::parse(text).unclear(), testing::IsEmpty());
  EXPECT_THAT(Settings::parse(text).to_text(), HasSubstr("\"later\": {"));
}

TEST(UnclearSettings, AreMendedBySettingThemAgain) {
  Settings settings = Settings::parse(
      R"({"properties": {"--global": {"compression": 1, "timezone": "Mars/Phobos"}},
          "targets": {"off": 1}, "schedules": [{"type": "a", "name": "b", "id": "c"}]})");
  settings.set(Settings::kGlobal, "compression", "none");
  settings.set(Settings::kGlobal, "timezone", "");
  settings.targets["off"] = {{"bucket", "bbb"}};
  EXPECT_TRUE(settings.forget_unclear_schedule({"a", "b", "b"}, "c"));
  EXPECT_FALSE(settings.forget_unclear_schedule({"a", "b", "b"}, "c"));
  const Settings mended = Settings::parse(settings.to_text());
  EXPECT_THAT(mended.unclear(), testing::IsEmpty());
  EXPECT_EQ(mended.get(kDb, "compression"), "none");
  EXPECT_EQ(mended.targets.at("off").at("bucket"), "bbb");
}

TEST(UnclearSettings, OfPinsAndRulesRemoveNothing) {
  EXPECT_TRUE(Settings::parse(R"({"pins": [{"id": "x"}]})").is_pinned("postgres:any"));
  EXPECT_FALSE(Settings::parse(R"({"pins": ["a:b"]})").is_pinned("postgres:any"));
  const Settings settings =
      Settings::parse(R"({"properties": {"--global": {"keep-manual": "last=1,quarterly=4"}}})");
  EXPECT_EQ(settings.keep_rules(kDb, "manual"), KeepRules());
}

TEST(UnclearSettings, OfAHostWorkUnderAnotherNameThatIsItsOwnWhenTheyAreUnderstoodAgain) {
  Settings settings = Settings::parse(
      R"({"host": {"name": "prod-00000001", "names": ["old-00000001"], "boot": 1}})");
  EXPECT_TRUE(settings.has_unclear_host());
  EXPECT_THAT(settings.host.doubtful, ElementsAre("prod-00000001", "old-00000001"));
  settings.host.name = "now-00000002";
  settings.host.names = {"now-00000002"};
  settings.host.writers = {"bbbb"};
  auto json = nlohmann::json::parse(settings.to_text());
  EXPECT_EQ(json["host"]["boot"], 1);
  EXPECT_EQ(Settings::parse(json.dump()).host, settings.host);

  json["host"]["boot"] = "digest";
  const Settings corrected = Settings::parse(json.dump());
  EXPECT_FALSE(corrected.has_unclear_host());
  EXPECT_EQ(corrected.host.name, "prod-00000001");
  EXPECT_TRUE(corrected.host.owns("now-00000002"));
  EXPECT_TRUE(corrected.host.wrote("bbbb"));
  EXPECT_THAT(corrected.to_text(), testing::Not(HasSubstr("host_meanwhile")));
}

TEST(UnclearSettings, OfAHostKeepWhatANewerVersionHasThere) {
  Settings settings = Settings::parse(
      R"({"host": {"name": "prod-00000001", "names": ["prod-00000001"], "region": {"a": 1}}})");
  EXPECT_EQ(settings.host.name, "prod-00000001");
  const auto json = nlohmann::json::parse(settings.to_text());
  EXPECT_EQ(json["host"]["region"]["a"], 1);
}

/// What a person asks for now has room, also where something of another kind stands.
TEST(UnclearSettings, OfAnotherKindAreSetAsideByWhatIsSetThere) {
  Settings settings =
      Settings::parse(R"({"targets": "here", "paths": 5, "accepted": {}, "properties": [7]})");
  settings.targets["off"] = {{"bucket", "bbb"}};
  settings.paths = {"sqlite:/srv/app.db"};
  settings.accepted = {"a:b"};
  settings.set(kDb, "compression", "none");
  const auto json = nlohmann::json::parse(settings.to_text());
  EXPECT_EQ(json["targets"]["off"]["bucket"], "bbb");
  EXPECT_EQ(json["set_aside"]["targets"], "here");
  EXPECT_EQ(json["set_aside"]["paths"], 5);
  EXPECT_EQ(json["set_aside"]["properties"][0], 7);
  EXPECT_FALSE(json["set_aside"].contains("accepted"));
  EXPECT_THAT(Settings::parse(json.dump()).unclear(), testing::IsEmpty());

  Settings newer = Settings::parse(R"({"format": 2, "targets": "here"})");
  newer.targets["off"] = {{"bucket", "bbb"}};
  EXPECT_THAT([&] { newer.to_text(); }, ThrowsError(ErrorKind::kRefused, HasSubstr("targets")));
  Settings pins = Settings::parse(R"({"pins": {"a": "b"}})");
  pins.pins = {"a:b"};
  EXPECT_THAT([&] { pins.to_text(); }, ThrowsError(ErrorKind::kRefused, HasSubstr("pins")));
}

TEST(UnclearSettings, OfAnIdentityAreNotReplaced) {
  Settings settings = Settings::parse(R"({"host_id": {"id": "0a1b2c3d"}})");
  EXPECT_THAT(settings.to_text(), HasSubstr("0a1b2c3d"));
  settings.host_id = "11111111";
  EXPECT_THAT([&] { settings.to_text(); }, ThrowsError(ErrorKind::kRefused, HasSubstr("host_id")));
}

/// A value that is not valid: the default holds.
class BadValue : public testing::TestWithParam<const char*> {};
TEST_P(BadValue, IsNamedAndDoesNotCount) {
  const std::string key = GetParam();
  const std::string text = R"({"properties": {"--global": {")" + key + R"(": "soon"}}})";
  const Settings settings = Settings::parse(text);
  EXPECT_EQ(settings.compression(kDb), parse_encoding("zstd:3").value());
  EXPECT_EQ(settings.disk_reserve(kDb, 1000), 100U);
  EXPECT_EQ(settings.seconds(kDb, "start-timeout"), 30 * 60);
  EXPECT_EQ(settings.seconds(kDb, "silence-timeout"), 10 * 60);
  EXPECT_TRUE(settings.is_unclear(kDb, key));
  ASSERT_EQ(settings.unclear().size(), 1U);
  EXPECT_THAT(settings.unclear()[0].message, HasSubstr(key));
}
INSTANTIATE_TEST_SUITE_P(Keys, BadValue,
                         testing::Values("compression", "disk-reserve", "start-timeout",
                                         "silence-timeout"));

TEST(Settings, KeepPropertiesThatThisVersionDoesNotKnow) {
  const Settings settings =
      Settings::parse(R"({"format": 1, "properties": {"a:b": {"later": "x"}}})");
  EXPECT_THAT(settings.to_text(), HasSubstr("\"later\": \"x\""));
}

TEST(Settings, TellWhatNamesATarget) {
  Settings settings;
  settings.set(Settings::kGlobal, "targets", "local,offsite");
  settings.set("postgres:a", "targets", "offsite");
  settings.set("postgres:b", "targets", "local,off");
  settings.set("postgres:b", "compression", "none");
  EXPECT_THAT(settings.uses_of("offsite"),
              testing::ElementsAre("targets of --global", "targets of postgres:a"));
  EXPECT_THAT(settings.uses_of("off"), testing::ElementsAre("targets of postgres:b"));
  EXPECT_THAT(settings.uses_of("o"), testing::IsEmpty());
}

}  // namespace
}  // namespace backups
