#include "model/artifact_choice.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups {

std::size_t choose_artifact(const std::string& whose, const std::vector<ArtifactOption>& options,
                            const std::optional<std::string>& name) {
  std::vector<std::size_t> fitting;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < options.size(); ++i) {
    names.push_back(printable(options[i].name));
    if (name ? options[i].name == *name : options.size() == 1 || !options[i].auxiliary)
      fitting.push_back(i);
  }
  if (fitting.size() == 1) return fitting.front();
  if (name)
    throw Error(ErrorKind::kBadInput,
                whose + " has no artifact '" + printable(*name) + "': it has " + join(names, ", "));
  throw Error(ErrorKind::kBadInput, whose + " has several artifacts (" + join(names, ", ") +
                                        "): choose one with --artifact");
}

}  // namespace backups
