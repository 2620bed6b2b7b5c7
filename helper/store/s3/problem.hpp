#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "store/s3/store.hpp"
#include "store/s3/xml.hpp"
#include "sys/http.hpp"

namespace backups {

/// What is wrong with an answer. `needs_xml`: one of 200 must have a body that is a document and
/// not an <Error>; a body that is neither is a problem without a code. So is a web page.
std::optional<S3Problem> problem_in(const HttpResponse& response, bool needs_xml);

/// "501 A header you provided implies functionality that is not implemented", "400 Unsupported
/// header 'x-amz-checksum-sha256'" and the like.
bool refuses_checksums(int status, const S3Problem& problem);

/// A success that no S3 API would give: a console or a portal answers 200 and HTML to everything.
bool is_web_page(const HttpResponse& response);

/// The host, as "https://host[:port]", that a redirection (301, 302, 307) names; empty when it
/// names none.
std::string redirected_to(const HttpResponse& response, const S3Problem& problem);

/// What a person can do about it, and what kind of Error it is.
struct S3Advice {
  ErrorKind kind;
  std::string text;
};
S3Advice not_s3();  ///< of a web page
S3Advice advice_on(int status, const std::string& code, const S3Target& target);
std::string advice_on(HttpFailure::Cause cause, const S3Target& target);

}  // namespace backups
