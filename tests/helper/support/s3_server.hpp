#pragma once

#include <optional>
#include <string>

#include "store/s3/client.hpp"
#include "store/s3/store.hpp"

namespace backups::tests {

/// The server that tests/support/s3.bash started, as its environment variables tell.
struct S3Server {
  std::string endpoint;
  std::string tls_endpoint;
  std::string host;  ///< of virtual hosts
  std::string ca_file;
  S3Credentials credentials;
};

/// Nothing where there is none; a test then skips with kNoS3.
std::optional<S3Server> s3_server();

constexpr const char* kNoS3 = "needs an S3 server: source tests/support/s3.bash && s3_start";

/// A new bucket, path style over HTTP, and retries that don't take long.
S3Target new_bucket(const S3Server& server);

}  // namespace backups::tests
