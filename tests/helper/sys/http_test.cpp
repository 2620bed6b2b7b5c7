#include "sys/http.hpp"

#include <gmock/gmock.h>

namespace backups {
namespace {

using testing::HasSubstr;

/// This failed with "curl: A libcurl function was given a bad argument" from the second attempt on.
TEST(HttpClient, SaysTheSameOfAHostThatDoesNotResolveEveryTime) {
  HttpOptions options;
  options.direct = true;
  HttpClient client(options);
  HttpRequest request;
  request.method = "GET";
  request.url = "https://no-such-host.invalid/";
  request.timeout = 30;
  for (const bool fresh : {false, true, true}) {
    request.fresh = fresh;
    try {
      client.send(request);
      ADD_FAILURE() << "it was answered";
    } catch (const HttpFailure& failure) {
      EXPECT_EQ(failure.cause(), HttpFailure::Cause::kNotReached) << failure.what();
      EXPECT_THAT(failure.what(), HasSubstr("no-such-host.invalid"));
    }
  }
}

}  // namespace
}  // namespace backups
