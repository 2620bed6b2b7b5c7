#include "hook/lost_object.hpp"

#include <algorithm>

namespace backups {

std::string to_text(const LostObject& lost) {
  return lost.artifact + ": " + lost.object + ": " + lost.message +
         (lost.code.empty() ? "" : " (" + lost.code + ")");
}

bool any_guarding(const std::vector<LostObject>& lost) {
  return std::any_of(lost.begin(), lost.end(),
                     [](const LostObject& one) { return one.kind == LostObject::Kind::kGuarding; });
}

}  // namespace backups
