#include "model/backup_id.hpp"

#include "base/text.hpp"
#include "model/source.hpp"

namespace backups {

std::string make_id(const std::string& name, Time time) { return name + "-" + id_time(time); }

std::optional<IdParts> parse_id(std::string_view text) {
  constexpr std::size_t kTimeLength = 19;
  if (text.size() < kTimeLength + 2) return std::nullopt;
  const auto name = text.substr(0, text.size() - kTimeLength - 1);
  const auto time = parse_id_time(text.substr(text.size() - kTimeLength));
  if (!time || text[name.size()] != '-' || !valid_name(name)) return std::nullopt;
  return IdParts{std::string(name), *time};
}

std::string artifact_file(const std::string& id, const Stages& stages) {
  return id + ".dump" + suffix_of(stages);
}

std::string artifact_file(const std::string& id, const std::string& artifact, std::size_t position,
                          const Stages& stages) {
  constexpr std::size_t kLongest = 96;
  std::string encoded = percent_encode(artifact);
  if (encoded.size() > kLongest) {
    encoded.resize(kLongest);
    const auto escape = encoded.rfind('%');
    if (escape != std::string::npos && escape + 3 > kLongest) encoded.resize(escape);
    encoded +=
        "%-" + std::to_string(position);  // unique, since percent-encoding never produces "%-"
  }
  return id + "." + encoded + ".dump" + suffix_of(stages);
}

std::string manifest_file(const std::string& id) { return id + ".json"; }

}  // namespace backups
