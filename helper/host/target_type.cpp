#include "host/target_type.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/s3_target.hpp"

namespace backups {
namespace {

constexpr const char* kType = "type";

}  // namespace

const std::vector<TargetType>& target_types() {
  static const std::vector<TargetType> kTypes = {s3_target()};
  return kTypes;
}

const TargetType& target_type(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& type : target_types()) {
    if (type.name == name) return type;
    names.push_back(type.name);
  }
  throw Error(ErrorKind::kBadInput,
              "unknown target type " + in_quotes(name) + " (supported: " + join(names, ", ") + ")" +
                  (name == "b2" ? "; Backblaze B2 speaks s3: give its --endpoint" : ""));
}

const TargetType& type_of(const TargetOptions& options) {
  return target_type(option_of(options, kType, target_types().front().name));
}

void check_target_option(const TargetType& type, const std::string& name,
                         const std::string& value) {
  std::vector<std::string> names;
  for (const auto& option : type.options) {
    names.emplace_back(option.name);
    if (name != option.name) continue;
    if (option.valid(value)) return;
    throw Error(ErrorKind::kBadInput,
                name + " takes " + option.value_form + ", not '" + printable(value) + "'");
  }
  throw Error(ErrorKind::kBadInput,
              "unknown target option " + in_quotes(name) + ", valid options: " + join(names, ", "));
}

void check_target_options(const TargetOptions& options) {
  const TargetType& type = type_of(options);
  for (const auto& [name, value] : options)
    if (name != kType) check_target_option(type, name, value);
  type.check(options);
}

}  // namespace backups
