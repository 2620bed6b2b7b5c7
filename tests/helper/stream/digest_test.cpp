#include "stream/digest.hpp"

#include <gmock/gmock.h>

#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"

namespace backups {
namespace {

using tests::Collector;
using tests::ThrowsError;

struct Vector {
  std::string text;
  const char* sha256;
};
class KnownDigest : public testing::TestWithParam<Vector> {};

TEST_P(KnownDigest, IsThatOfTheStandard) { EXPECT_EQ(sha256(GetParam().text), GetParam().sha256); }

// FIPS 180-4, examples of the NIST.
INSTANTIATE_TEST_SUITE_P(
    Vectors, KnownDigest,
    testing::Values(Vector{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                    Vector{"abc",
                           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                    Vector{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
                    Vector{std::string(1'000'000, 'a'),
                           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}));

TEST(Hasher, KnowsOtherHashesThanThat) {
  Hasher md5("MD5");  // RFC 1321, appendix A.5
  md5.update("message ");
  md5.update("digest");
  EXPECT_EQ(md5.finish(), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_THAT([] { Hasher("no-such"); }, ThrowsError(ErrorKind::kFailed));
}

class DigestPieces : public testing::TestWithParam<std::size_t> {};

TEST_P(DigestPieces, AreTheSameAsSha256sum) {
  const tests::TemporaryDirectory directory;
  const std::string text = tests::noise(100'003);
  tests::spill(directory / "a", text);
  const std::string expected =
      tests::shell("sha256sum <" + (directory / "a").string()).out.substr(0, 64);
  Collector out;
  DigestSink digest(out);
  tests::write_in_pieces(digest, text, GetParam());
  EXPECT_EQ(digest.size(), text.size());
  digest.finish();
  EXPECT_EQ(digest.digest(), (Digest{text.size(), expected}));
  EXPECT_TRUE(out.text == text);
  EXPECT_EQ(out.finished, 1);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DigestPieces, testing::Values(1, 63, 64, 65, 4096, 1 << 20));

TEST(DigestSink, OfNothing) {
  Collector out;
  DigestSink digest(out);
  digest.finish();
  EXPECT_EQ(digest.digest(), (Digest{0, sha256("")}));
}

TEST(DigestSink, PassesOnWhatTheNextThrows) {
  tests::FullSink full(3);
  DigestSink digest(full);
  digest.write("abc");
  EXPECT_THAT([&] { digest.write("d"); }, ThrowsError(ErrorKind::kNoSpace));
}

TEST(DigestSink, DestroyedWithoutFinishDoesNotFinishTheNext) {
  Collector out;
  DigestSink(out).write("x");
  EXPECT_EQ(out.finished, 0);
}

}  // namespace
}  // namespace backups
