#include "support/s3_server.hpp"

#include <cstdlib>

#include "sys/clock.hpp"

namespace backups::tests {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<S3Server> s3_server() {
  if (variable("BACKUPS_TEST_S3_ENDPOINT").empty()) return std::nullopt;
  return S3Server{variable("BACKUPS_TEST_S3_ENDPOINT"),
                  variable("BACKUPS_TEST_S3_TLS_ENDPOINT"),
                  variable("BACKUPS_TEST_S3_HOST"),
                  variable("BACKUPS_TEST_S3_CA"),
                  {variable("BACKUPS_TEST_S3_KEY"), variable("BACKUPS_TEST_S3_SECRET"), ""}};
}

S3Target new_bucket(const S3Server& server) {
  S3Target target;
  target.endpoint = server.endpoint;
  target.bucket = "test-" + random_hex(6);
  target.prefix = "some/prefix";
  target.attempts = 3;
  target.backoff_unit = 0.01;
  S3Client client(target, server.credentials);
  client.send({.doing = "make the bucket", .method = "PUT"});
  return target;
}

}  // namespace backups::tests
