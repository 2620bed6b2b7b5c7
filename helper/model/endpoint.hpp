#pragma once

#include <optional>
#include <string>

namespace backups {

/// The parts of "https://host[:port][/path]": scheme and authority in lower case, without the
/// default port; the path without '/' at its end, not encoded.
struct Endpoint {
  std::string scheme;
  std::string authority;
  std::string path;
};
/// Nothing for anything else: another scheme, a user, a query, an invalid port.
std::optional<Endpoint> parse_endpoint(const std::string& text);

/// The prefix of a target without '/' at its ends.
std::string bare_prefix(const std::string& prefix);

}  // namespace backups
