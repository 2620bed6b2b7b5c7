#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/target.hpp"
#include "store/store.hpp"

namespace backups {

/// An option that `backups:target-add` and `backups:target-set` know.
struct TargetOption {
  const char* name;
  const char* takes;  ///< what a value looks like, for a person
  const char* help;
  bool (*valid)(const std::string& value);
  bool moves = false;        ///< where copies are looked for follows from it
  bool of_the_host = false;  ///< names a file or an account of the host: set at a shell only
};

/// Which target is to be opened, and for what.
struct TargetPlace {
  std::filesystem::path root;  ///< the state directory, where its credentials are
  std::string name;
  TargetOptions options;  ///< checked
  std::string host;       ///< below whose name keys go; empty: those of all hosts
  bool is_short = false;  ///< it gets one short try, and is out of reach from then on
};

/// A kind of place for copies. To add one: a file that makes such a value, and its line in the
/// table of target_type.cpp.
struct TargetType {
  std::string name;      ///< "s3"
  std::string required;  ///< the option that it can't be without, as in its usage
  std::vector<TargetOption> options;
  bool needs_credentials = false;
  /// Throws Error, kBadInput, where one option lacks another that it needs.
  void (*check)(const TargetOptions&);
  /// Makes no request. Throws Error, kKey without credentials.
  std::unique_ptr<Store> (*open)(const TargetPlace&);
};

const std::vector<TargetType>& target_types();

/// Throws Error, kBadInput, for a name that no type has.
const TargetType& target_type(const std::string& name);
/// That of an existing target.
const TargetType& type_of(const TargetOptions& options);

/// Throws Error, kBadInput, naming what is wrong.
void check_target_option(const TargetType& type, const std::string& name, const std::string& value);
/// All of them, and that none is missing.
void check_target_options(const TargetOptions& options);

}  // namespace backups
