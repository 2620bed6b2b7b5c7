#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "store/s3/store.hpp"
#include "store/s3/xml.hpp"
#include "sys/http.hpp"

namespace backups {

/// What is wrong with a response; nothing if it is a success. With `needs_xml`, a response of 2xx
/// must have an XML document other than <Error> as its body; any other body is a problem without a
/// code. A web page is always a problem.
std::optional<S3Problem> problem_in(const HttpResponse& response, bool needs_xml);

bool is_checksum(const Fields::value_type& header);

/// True for responses to unsupported checksum headers, such as "501 A header you provided implies
/// functionality that is not implemented" or "400 Unsupported header 'x-amz-checksum-sha256'".
bool refuses_checksums(int status, const S3Problem& problem);

/// True for a success with a web page, as a console or a captive portal responds to everything.
bool is_web_page(const HttpResponse& response);

/// The endpoint, as "https://host[:port]", that a redirection (301, 302, 307) names, without the
/// bucket at the beginning of its host. Empty if it names none.
std::string redirected_to(const HttpResponse& response, const S3Problem& problem,
                          const std::string& bucket);

/// What a person can do about a failure, and the kind of its Error.
struct S3Advice {
  ErrorKind kind;
  std::string text;
};
S3Advice not_s3();  ///< the advice on a web page
/// What is wrong with a success that has no ETag.
std::string without_etag(const HttpResponse& head);
S3Advice advice_on(int status, const std::string& code, const S3Target& target);
std::string advice_on(HttpFailure::Cause cause, const S3Target& target);

}  // namespace backups
