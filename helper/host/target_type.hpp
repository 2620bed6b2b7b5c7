#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/target.hpp"
#include "store/store.hpp"

namespace backups {

/// An option of `backups:target-add` and `backups:target-set`.
struct TargetOption {
  const char* name;
  const char* value_form;  ///< the form of a value, for messages
  const char* help;
  bool (*valid)(const std::string& value);
  bool moves = false;        ///< changing it changes where copies are looked for
  bool of_the_host = false;  ///< names a file or an account of the host: can be set at a shell only
};

/// The target to open, and for what.
struct TargetPlace {
  std::filesystem::path root;  ///< the state directory, which contains the credentials
  std::string name;
  TargetOptions options;  ///< checked
  std::string host;       ///< below whose name the keys are; empty: of all hosts
  bool is_short =
      false;  ///< with one attempt and short timeouts; fails at once after the first failure
};

/// A type of target. To add one, write a file that returns such a value, and add its line to the
/// table in target_type.cpp.
struct TargetType {
  std::string name;      ///< "s3"
  std::string required;  ///< the required option, as in the usage of target-add
  std::vector<TargetOption> options;
  bool needs_credentials = false;
  /// Throws Error, kBadInput, if an option is missing that another requires.
  void (*check)(const TargetOptions&);
  /// Opens the target without a request. Throws Error, kKey, if credentials are missing.
  std::unique_ptr<Store> (*open)(const TargetPlace&);
};

const std::vector<TargetType>& target_types();

/// Throws Error, kBadInput, for an unknown name.
const TargetType& target_type(const std::string& name);
/// The type of an existing target.
const TargetType& type_of(const TargetOptions& options);

/// Checks one option. Throws Error, kBadInput, naming what is wrong.
void check_target_option(const TargetType& type, const std::string& name, const std::string& value);
/// Checks all options, and that no required one is missing.
void check_target_options(const TargetOptions& options);

}  // namespace backups
