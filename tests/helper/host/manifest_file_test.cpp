#include "host/manifest_file.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "model/limits.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/memory_store.hpp"
#include "sys/clock.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::Optional;
using tests::Lab;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

class ReadManifestText : public testing::Test {
 protected:
  void put(const std::string& text) {
    const auto file = store_->put("fake/one/x.json");
    file->write(text);
    file->finish();
  }
  std::optional<std::string> read() { return read_manifest_text(*store_, "fake/one/x.json"); }

  std::unique_ptr<Store> store_ = tests::make_memory_store();
};

TEST_F(ReadManifestText, IsExactAndNothingWhereThereIsNone) {
  EXPECT_EQ(read(), std::nullopt);
  const std::string text("{ \0 half\r\n", 10);
  put(text);
  EXPECT_THAT(read(), Optional(text));
  put("");
  EXPECT_THAT(read(), Optional(std::string())) << "which is damage and not absence";
}

TEST_F(ReadManifestText, HasALimit) {
  const std::string most(limits::kManifest, ' ');
  put(most);
  EXPECT_TRUE(read() == most);
  put(most + " ");
  EXPECT_THAT([this] { read(); }, ThrowsError(ErrorKind::kDamaged, HasSubstr("8.0 MiB")));
}

/// Of the manifest of a real backup, in which something was changed.
class CheckedManifest : public testing::Test {
 protected:
  Manifest check(const std::function<void(Json&)>& change) {
    Json json = Json::parse(text_);
    change(json);
    return checked_manifest(json.dump());
  }

  Lab lab_;
  State state_ = lab_.open();
  const Manifest made_ = tests::create(state_);
  const std::string text_ = slurp(lab_.backups_of(Lab::source()) / (made_.id + ".json"));
};

TEST_F(CheckedManifest, IsTheOneThatWasWritten) {
  EXPECT_EQ(manifest_to_json(checked_manifest(text_)), manifest_to_json(made_));
  EXPECT_EQ(checked_manifest(text_).bytes, text_);
}

TEST_F(CheckedManifest, LeavesSequenceNumbersForLaterBackups) {
  const auto with = [this](std::int64_t sequence) {
    return check([&](Json& json) { json["sequence"] = sequence; }).sequence;
  };
  const std::int64_t far = now() + limits::kSequenceAhead - 3600;
  EXPECT_EQ(with(far), far);
  EXPECT_THAT([&] { with(far + 2 * 3600); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("sequence number")));
}

/// Otherwise a bucket could choose which directory is written to, or which file is replaced.
TEST_F(CheckedManifest, HasTheNameThatBelongsToItsAddress) {
  const auto with = [this](const std::string& address) {
    return check([&](Json& json) { json["source"]["address"] = address; });
  };
  for (const char* address : {"two", "/srv/one", "../one", "one ", ""})
    EXPECT_THAT([&] { with(address); }, ThrowsError(ErrorKind::kDamaged)) << address;
  EXPECT_THAT([&] { with("\x1b[2J"); }, ThrowsError(ErrorKind::kDamaged, Not(HasSubstr("\x1b"))))
      << "what it says is shown to a person";
}

class LoadManifest : public CheckedManifest {
 protected:
  static constexpr const char* kOther = "one-2020-01-01-00-00-00";
  fs::path path(const std::string& id) const {
    return lab_.backups_of(Lab::source()) / (id + ".json");
  }
  Manifest load(const Source& source, const std::string& id) {
    return load_manifest(state_.targets.local(), source, id);
  }
};

TEST_F(LoadManifest, IsTheOneOfThatBackup) {
  EXPECT_EQ(load(Lab::source(), made_.id).bytes, text_);
}

TEST_F(LoadManifest, ThatIsMissingIsDamage) {
  EXPECT_THAT([this] { load(Lab::source(), kOther); },
              ThrowsError(ErrorKind::kDamaged, AllOf(HasSubstr(kOther), HasSubstr("missing"))));
}

TEST_F(LoadManifest, ThatIsEmptyOrCutShortIsDamage) {
  for (const auto& text : {std::string(), text_.substr(0, text_.size() / 2)}) {
    spill(path(made_.id), text);
    EXPECT_THAT([this] { load(Lab::source(), made_.id); }, ThrowsError(ErrorKind::kDamaged));
  }
}

TEST_F(LoadManifest, OfAnotherBackupIsDamage) {
  fs::copy_file(path(made_.id), path(kOther));
  EXPECT_THAT([this] { load(Lab::source(), kOther); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("another backup")));
  const Source other{"other", "one", "one"};
  spill(lab_.backups_of(other) / (made_.id + ".json"), text_);
  EXPECT_THAT([&] { load(other, made_.id); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("another backup")));
}

}  // namespace
}  // namespace backups
