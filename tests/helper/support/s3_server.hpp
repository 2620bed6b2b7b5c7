#pragma once

#include <optional>
#include <string>

#include "store/s3/client.hpp"
#include "store/s3/store.hpp"

namespace backups::tests {

/// The server that tests/support/s3.bash started, from its environment variables.
struct S3Server {
  std::string endpoint;
  std::string tls_endpoint;
  std::string host;  ///< the domain for buckets as virtual hosts
  std::string ca_file;
  S3Credentials credentials;
};

/// Returns nothing if there is no server; a test then skips with kNoS3.
std::optional<S3Server> s3_server();

constexpr const char* kNoS3 = "needs an S3 server: source tests/support/s3.bash && s3_start";

/// Creates a bucket, and returns a target for it with path-style addresses, HTTP and short retries.
S3Target new_bucket(const S3Server& server);

}  // namespace backups::tests
