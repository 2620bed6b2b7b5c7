// The standard tools open what the stages write, and the stages read what the tools write.
#include <gmock/gmock.h>

#include "stream/stage.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"
#include "support/stages.hpp"

namespace backups {
namespace {

using tests::Collector;
using tests::shell;
using tests::slurp;
using tests::spill;

class Tool : public testing::TestWithParam<Step> {
 protected:
  std::string name() const { return GetParam().stage->name; }
  std::string file(const std::string& name) const { return directory_ / name; }

  std::string decompressed(const std::string& bytes) const {
    Collector out;
    const auto sink = GetParam().stage->decode(out);
    tests::write_in_pieces(*sink, bytes, 65536);
    sink->finish();
    return out.text;
  }
  /// The output of the tool for `text`.
  std::string made_by_tool(const std::string& text, const std::string& options = "") const {
    spill(file("plain"), text);
    EXPECT_EQ(shell(name() + " " + options + " -c <" + file("plain") + " >" + file("made")).code,
              0);
    return slurp(file("made"));
  }

  tests::TemporaryDirectory directory_;
};

TEST_P(Tool, OpensWhatIsStored) {
  for (const std::size_t size : {0UL, 1UL, 131'072UL, 262'144UL, 3'000'001UL}) {
    const std::string text = tests::prose(size);
    Collector out;
    const auto sink = GetParam().stage->encode(GetParam().level, out);
    tests::write_in_pieces(*sink, text, 50'000);
    sink->finish();
    spill(file("stored"), out.text);
    const auto answer = shell(name() + " -dc <" + file("stored"));
    EXPECT_EQ(answer.code, 0) << size;
    EXPECT_TRUE(answer.out == text) << size;
    EXPECT_EQ(shell(name() + " -t <" + file("stored")).code, 0);
  }
}

TEST_P(Tool, MakesWhatOpensHere) {
  for (const std::size_t size : {0UL, 1UL, 131'072UL, 262'144UL, 3'000'001UL}) {
    const std::string text = tests::prose(size);
    EXPECT_TRUE(decompressed(made_by_tool(text)) == text) << size;
  }
}

TEST_P(Tool, MakesSeveralStreamsInOneFileThatOpenHere) {
  const std::string first = tests::prose(131'072);
  const std::string second = tests::noise(262'144);
  const std::string both = made_by_tool(first) + made_by_tool("") + made_by_tool(second);
  EXPECT_TRUE(decompressed(both) == first + second);
  Collector byte_by_byte;
  const auto sink = GetParam().stage->decode(byte_by_byte);
  tests::write_in_pieces(*sink, made_by_tool("one ") + made_by_tool("two"), 1);
  sink->finish();
  EXPECT_EQ(byte_by_byte.text, "one two");
}

INSTANTIATE_TEST_SUITE_P(All, Tool, testing::Values(tests::step("gzip:6"), tests::step("zstd:3")),
                         [](const auto& info) { return std::string(info.param.stage->name); });

class GzipTool : public Tool {};

TEST_P(GzipTool, MayNameTheFileInTheHeader) {
  spill(file("named"), "text");
  ASSERT_EQ(shell("gzip -N -9 " + file("named")).code, 0);
  EXPECT_EQ(decompressed(slurp(file("named.gz"))), "text");
}
INSTANTIATE_TEST_SUITE_P(Gzip, GzipTool, testing::Values(tests::step("gzip:6")));

class ZstdTool : public Tool {};

TEST_P(ZstdTool, MayLeaveOutChecksumAndSizeOrUseALongWindow) {
  const std::string text = tests::prose(2'000'000);
  for (const char* options : {"--no-check", "--no-content-size", "-19", "--long=27", "-T2 -B1MiB"})
    EXPECT_TRUE(decompressed(made_by_tool(text, options)) == text) << options;
}

TEST_P(ZstdTool, SaysThatWhatIsStoredHasAChecksum) {
  Collector out;
  const auto sink = GetParam().stage->encode(GetParam().level, out);
  sink->write("text");
  sink->finish();
  spill(file("stored.zst"), out.text);
  EXPECT_THAT(shell("zstd -lv " + file("stored.zst")).out, testing::HasSubstr("XXH64"));
}
INSTANTIATE_TEST_SUITE_P(Zstd, ZstdTool, testing::Values(tests::step("zstd:3")));

}  // namespace
}  // namespace backups
