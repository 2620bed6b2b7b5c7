#include "model/manifest.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "model/limits.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/paths.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::ThrowsError;

std::string golden() { return tests::slurp(tests::golden("manifest-v1.json")); }

TEST(Manifest, ReadsTheGoldenFileOfFormat1) {
  const Manifest manifest = parse_manifest(golden());
  EXPECT_EQ(manifest.id, "my-db-2026-04-08-14-30-00");
  EXPECT_EQ(manifest.source, (Source{"postgres", "my-db", "my-db"}));
  EXPECT_EQ(manifest.host, "dokku-0a1b2c3d");
  EXPECT_EQ(manifest.writer, "5f2c6b1a9e8d7c40");
  EXPECT_EQ(manifest.sequence, 1'775'658'600);
  EXPECT_EQ(manifest.plugin_version, "0.1.0");
  EXPECT_EQ(manifest.engine, "PostgreSQL");
  EXPECT_EQ(manifest.engine_version, "15.18");
  EXPECT_EQ(manifest.image, "postgres:15");
  EXPECT_THAT(manifest.image_id, HasSubstr("sha256:0011"));
  EXPECT_EQ(manifest.identity, "7352648291047362891");
  EXPECT_EQ(manifest.trigger, Trigger::kManual);
  EXPECT_EQ(manifest.label, "before the käse upgrade");
  EXPECT_EQ(manifest.started_at, 1'775'658'600);
  EXPECT_EQ(manifest.finished_at, 1'775'658'665);
  EXPECT_THAT(manifest.stages, ElementsAre("zstd"));
  EXPECT_THAT(manifest.warnings, ElementsAre("the image was retagged"));
  EXPECT_EQ(Json::parse(manifest.detail)["settings"]["search_path"], "app");
  EXPECT_EQ(manifest.stored_size(), 5'000'000'317U);
  EXPECT_EQ(manifest.raw_size(), 20'000'000'480U);
}

TEST(Manifest, ReadsTheArtifactsOfTheGoldenFile) {
  const Manifest manifest = parse_manifest(golden());
  ASSERT_EQ(manifest.artifacts.size(), 2U);
  const Artifact& globals = manifest.artifacts[0];
  EXPECT_EQ(globals.name, "globals");
  EXPECT_EQ(globals.kind, "pg_dumpall-globals");
  EXPECT_EQ(globals.file, "my-db-2026-04-08-14-30-00.globals.dump.zst");
  EXPECT_EQ(globals.stored_size, 317U);
  EXPECT_THAT(globals.stored_sha256, testing::StartsWith("b5bb9d80"));
  EXPECT_EQ(globals.raw_size, 480U);
  EXPECT_THAT(globals.raw_sha256, testing::StartsWith("7d865e95"));
  EXPECT_THAT(globals.open_command, testing::EndsWith("| psql"));
  EXPECT_EQ(globals.minimum_client, "15");
  EXPECT_EQ(Json::parse(globals.extra), Json::parse(R"({"auxiliary": true})"));
  EXPECT_EQ(manifest.artifacts[1].name, "my db");
  EXPECT_EQ(manifest.artifacts[1].raw_size, 20'000'000'000U);
  EXPECT_THAT(manifest.artifacts[1].extra, IsEmpty());
}

TEST(Manifest, WritesTheGoldenFileAgainByteForByte) {
  EXPECT_EQ(manifest_to_json(parse_manifest(golden())).dump(2) + "\n", golden());
}

TEST(Manifest, KeepsTheGreatestSequenceNumber) {
  Manifest manifest = parse_manifest(golden());
  manifest.sequence = Manifest::kMaxSequence;
  EXPECT_EQ(parse_manifest(manifest_to_json(manifest).dump()).sequence, Manifest::kMaxSequence);
}

/// Every field, as a JSON pointer; an artifact's are those of the first.
std::vector<std::string> all_fields() {
  std::vector<std::string> fields;
  const Json json = Json::parse(golden());
  for (const auto& [key, value] : json.items()) {
    fields.push_back("/" + key);
    if (key == "source" || key == "engine")
      for (const auto& item : value.items()) fields.push_back("/" + key + "/" + item.key());
  }
  for (const auto& item : json["artifacts"][0].items())
    if (item.key() != "extra") fields.push_back("/artifacts/0/" + item.key());
  return fields;
}

class ManifestField : public testing::TestWithParam<std::string> {};

TEST_P(ManifestField, ThatIsMissingIsDamage) {
  const Json json = Json::parse(golden());
  const Json::json_pointer pointer(GetParam());
  Json without = json;
  without[pointer.parent_pointer()].erase(pointer.back());
  EXPECT_THAT([&] { parse_manifest(without.dump()); }, ThrowsError(ErrorKind::kDamaged));
}

TEST_P(ManifestField, OfAnotherTypeIsDamage) {
  const Json::json_pointer pointer(GetParam());
  Json wrong = Json::parse(golden());
  if (wrong[pointer].is_object()) {
    wrong[pointer] = 7;
  } else {
    wrong[pointer] = {{"an", "object"}};
  }
  EXPECT_THAT([&] { parse_manifest(wrong.dump()); }, ThrowsError(ErrorKind::kDamaged));
}

INSTANTIATE_TEST_SUITE_P(All, ManifestField, testing::ValuesIn(all_fields()));

struct Hostile {
  const char* what;
  const char* pointer;
  Json value;
};
class HostileManifest : public testing::TestWithParam<Hostile> {};

TEST_P(HostileManifest, IsDamage) {
  Json json = Json::parse(golden());
  json[Json::json_pointer(GetParam().pointer)] = GetParam().value;
  EXPECT_THAT([&] { parse_manifest(json.dump()); }, ThrowsError(ErrorKind::kDamaged))
      << GetParam().what;
}

TEST(ManifestArtifacts, OfOneNameAreDamage) {
  Json json = Json::parse(golden());
  Json twin = json["artifacts"][0];
  twin["file"] = twin["file"].get<std::string>() + ".twin";
  json["artifacts"].push_back(twin);
  EXPECT_THAT([&] { parse_manifest(json.dump()); }, ThrowsError(ErrorKind::kDamaged));
  json["artifacts"].back()["name"] = "twin";
  EXPECT_NO_THROW(parse_manifest(json.dump()));
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileManifest,
    testing::Values(
        Hostile{"a sequence number of none", "/sequence", 0},
        Hostile{"a sequence number below all", "/sequence", -1},
        Hostile{"a sequence number that leaves no room", "/sequence", 9007199254740992},
        Hostile{"a sequence number beyond what is signed", "/sequence",
                std::numeric_limits<std::uint64_t>::max()},
        Hostile{"a sequence number that is text", "/sequence", "1"},
        Hostile{"a trigger that is none", "/trigger", "whim"},
        Hostile{"a newer format", "/format", 2}, Hostile{"a format that never was", "/format", 0},
        Hostile{"a path up", "/artifacts/0/file", "my-db-2026-04-08-14-30-00./../../x"},
        Hostile{"an absolute path", "/artifacts/0/file", "/etc/passwd"},
        Hostile{"a file of another backup", "/artifacts/0/file", "my-db-2026-04-08-14-30-01.dump"},
        Hostile{"a file that only begins alike", "/artifacts/0/file",
                "my-db-2026-04-08-14-30-00x.dump"},
        Hostile{"a NUL in a file", "/artifacts/0/file",
                std::string("my-db-2026-04-08-14-30-00.a\0b", 29)},
        Hostile{"the file of another artifact", "/artifacts/0/file",
                "my-db-2026-04-08-14-30-00.my%20db.dump.zst"},
        Hostile{"no artifact", "/artifacts", Json::array()},
        Hostile{"another id", "/id", "my-db-2026-04-08-14-30-01"},
        Hostile{"the id of another name", "/id", "other-2026-04-08-14-30-00"},
        Hostile{"an id that is none", "/id", "my-db"}, Hostile{"another name", "/source/name", "x"},
        Hostile{"a path for a name", "/source/name", "../my-db"},
        Hostile{"a path for a type", "/source/type", "../postgres"},
        Hostile{"a negative size", "/artifacts/0/stored_size", -1},
        Hostile{"half a byte", "/artifacts/0/raw_size", 1.5},
        Hostile{"a time that is none", "/started_at", "yesterday"},
        Hostile{"what is said besides is a list", "/artifacts/0/extra", Json::array()},
        Hostile{"detail that is no object", "/detail", "text"}));

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

/// Seen: 50,000 levels in `detail` ended the process.
TEST(Manifest, NestedDeeplyIsDamage) {
  std::string text = golden();
  const std::string detail = "\"detail\": {";
  const auto at = text.find(detail);
  ASSERT_NE(at, std::string::npos);
  const auto with = [&](std::size_t levels) {
    return std::string(text).insert(at + detail.size(), "\"deep\": " + nested(levels) + ",");
  };
  EXPECT_NO_THROW(parse_manifest(with(limits::kDepth - 2)));
  for (const std::size_t levels : {limits::kDepth, std::size_t{50'000}, std::size_t{2'000'000}})
    EXPECT_THAT([&] { parse_manifest(with(levels)); },
                ThrowsError(ErrorKind::kDamaged, HasSubstr("nested more than 64 levels deep")));
}

TEST(Manifest, BracketsInStringsAreNoNesting) {
  Json json = Json::parse(golden());
  json["label"] = std::string(1000, '[') + "\\\"" + std::string(1000, '{');
  EXPECT_NO_THROW(parse_manifest(json.dump()));
}

TEST(Manifest, LargerThanAnyIsDamage) {
  const auto refused = [](const Json& json, const char* why) {
    EXPECT_THAT([&] { parse_manifest(json.dump()); },
                ThrowsError(ErrorKind::kDamaged, HasSubstr(why)));
  };
  const Json json = Json::parse(golden());
  Json changed = json;
  changed["detail"]["x"] = std::string(limits::kManifest, 'x');
  refused(changed, "too large");
  changed = json;
  changed["detail"]["x"] = std::string(limits::kText + 1, 'x');
  refused(changed, "string of 65537 bytes");
  changed = json;
  for (std::size_t i = 0; i < limits::kWarnings; ++i) changed["warnings"].push_back("x");
  refused(changed, "too many warnings");
  changed = json;
  for (std::size_t i = 0; i < limits::kArtifacts; ++i) {
    Json artifact = json["artifacts"][0];
    artifact["file"] = "my-db-2026-04-08-14-30-00." + std::to_string(i) + ".dump";
    changed["artifacts"].push_back(artifact);
  }
  refused(changed, "too many artifacts");
  changed = json;
  for (auto& artifact : changed["artifacts"]) artifact["raw_size"] = std::uint64_t{1} << 49;
  changed["artifacts"].push_back(changed["artifacts"][0]);
  changed["artifacts"][2]["file"] = "my-db-2026-04-08-14-30-00.c.dump";
  refused(changed, "too large");
  changed["artifacts"][0]["raw_size"] = UINT64_MAX;
  refused(changed, "too large");
}

class BrokenText : public testing::TestWithParam<const char*> {};
TEST_P(BrokenText, IsDamage) {
  EXPECT_THAT([] { parse_manifest(GetParam()); }, ThrowsError(ErrorKind::kDamaged));
}
INSTANTIATE_TEST_SUITE_P(All, BrokenText, testing::Values("", "{", "[]", "null", "{}", "\xff"));

TEST(Manifest, CutAnywhereIsDamage) {
  const std::string text = golden();
  for (std::size_t size = 0; size + 2 < text.size(); size += 7)
    EXPECT_THAT([&] { parse_manifest(text.substr(0, size)); }, ThrowsError(ErrorKind::kDamaged))
        << size;
}

TEST(Manifest, OfANewerFormatSaysWhatToDo) {
  Json json = Json::parse(golden());
  json["format"] = 2;
  EXPECT_THAT([&] { parse_manifest(json.dump()); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("update the plugin")));
}

}  // namespace
}  // namespace backups
