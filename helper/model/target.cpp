#include "model/target.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/source.hpp"

namespace backups {

std::string option_of(const TargetOptions& options, const std::string& name,
                      const std::string& otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

bool valid_target_name(std::string_view name) { return valid_type(name) && name != kLocalTarget; }

std::vector<std::string> parse_target_list(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& name : split(text, ',')) {
    if (name != kLocalTarget && !valid_target_name(name))
      throw Error(ErrorKind::kBadInput, "invalid target name '" + printable(name) + "'");
    if (!is_one_of(name, names)) names.push_back(name);
  }
  return names;
}

}  // namespace backups
