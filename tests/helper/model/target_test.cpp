#include "model/target.hpp"

#include <gmock/gmock.h>

#include "model/endpoint.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::ThrowsError;

std::string taken_apart(const std::string& text) {
  const auto place = parse_endpoint(text);
  return place ? place->scheme + " " + place->authority + " " + place->path : "none";
}

TEST(Endpoint, MayHaveAPortAPathAndASlashAtItsEnd) {
  EXPECT_EQ(taken_apart("https://s3.example.com"), "https s3.example.com ");
  EXPECT_EQ(taken_apart("https://s3.example.com/"), "https s3.example.com ");
  EXPECT_EQ(taken_apart("HTTPS://S3.Example.com:443//"), "https s3.example.com ");
  EXPECT_EQ(taken_apart("https://x.example.co/storage/v1/s3"), "https x.example.co /storage/v1/s3");
  EXPECT_EQ(taken_apart("http://[::1]:9000/Base_1/"), "http [::1]:9000 /Base_1");
}

TEST(Endpoint, IsNothingElse) {
  for (const char* wrong :
       {"", "host", "ftp://host", "https://", "https:///path", "https://u:p@host", "https://host?x",
        "https://host/a?x", "https://ho st", "https://host:", "https://host:x",
        "https://host:70000", "https://[::1", "https://host/a%20b", "https://host/a b",
        "https://host\\x", "https://h#x", "https://host/\r\nX: 1"})
    EXPECT_EQ(taken_apart(wrong), "none") << wrong;
}

}  // namespace
}  // namespace backups
