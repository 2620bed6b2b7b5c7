#include "model/limits.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace backups {

bool is_shallow(std::string_view json) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      if (c == '\\') ++i;
    } else if (c == '[' || c == '{') {
      if (++depth > limits::kDepth) return false;
    } else if (c == ']' || c == '}') {
      depth -= std::min<std::size_t>(depth, 1);
    }
  }
  return true;
}

const std::string& shallow(const std::string& json) {
  if (!is_shallow(json))
    throw Error(ErrorKind::kDamaged,
                "its JSON is nested more than " + std::to_string(limits::kDepth) + " levels deep");
  return json;
}

void check_texts(const nlohmann::ordered_json& json) {
  const auto check = [](const std::string& text) {
    if (text.size() > limits::kText)
      throw Error(ErrorKind::kDamaged,
                  "it contains a string of " + std::to_string(text.size()) + " bytes");
  };
  if (json.is_string()) check(json.get_ref<const std::string&>());
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) {
    check(key);
    check_texts(value);
  }
}

}  // namespace backups
