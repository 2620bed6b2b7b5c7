#pragma once

#include <optional>
#include <string>

namespace backups {

/// "https://host[:port][/path]", taken apart: the scheme and the authority in lower case, the usual
/// port left out, the path without '/' at its end, nothing in it encoded.
struct Endpoint {
  std::string scheme;
  std::string authority;
  std::string path;
};
/// Nothing for what is none: another scheme, a user, a query, a port that is no number.
std::optional<Endpoint> parse_endpoint(const std::string& text);

/// The prefix of a target as it is used: without '/' at its ends.
std::string bare_prefix(const std::string& prefix);

}  // namespace backups
