#include "model/endpoint.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/text.hpp"

namespace backups {
namespace {

bool is_port(const std::string& text) {
  const auto number = parse_number(text);
  return number && *number >= 1 && *number <= 65535;
}

/// "host", "host:9000", "[::1]:9000"
bool is_authority(const std::string& value) {
  const bool literal = value.starts_with('[');
  const std::size_t end = literal ? value.find(']') : value.find(':');
  if (literal && end == std::string::npos) return false;
  const std::string host = literal ? value.substr(1, end - 1) : value.substr(0, end);
  const std::string port = value.substr(std::min(end, value.size()) + (literal ? 1 : 0));
  return has_only(host, literal ? ":." : ".-_") &&
         (port.empty() || (port[0] == ':' && is_port(port.substr(1))));
}

}  // namespace

std::optional<Endpoint> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string::npos) return std::nullopt;
  const std::size_t slash = std::min(text.find('/', colon + 3), text.size());
  Endpoint place{lower(text.substr(0, colon)), lower(text.substr(colon + 3, slash - colon - 3)),
                 text.substr(slash)};
  while (place.path.ends_with('/')) place.path.pop_back();
  const bool web = place.scheme == "https" || place.scheme == "http";
  if (!web || !is_authority(place.authority)) return std::nullopt;
  if (!place.path.empty() && !has_only(place.path, "/._-~")) return std::nullopt;
  const std::string usual = place.scheme == "https" ? ":443" : ":80";
  if (place.authority.ends_with(usual))
    place.authority.resize(place.authority.size() - usual.size());
  return place;
}

std::string bare_prefix(const std::string& prefix) {
  const std::size_t from = std::min(prefix.find_first_not_of('/'), prefix.size());
  const std::size_t to = prefix.find_last_not_of('/');
  return prefix.substr(from, to == std::string::npos ? 0 : to + 1 - from);
}

}  // namespace backups
