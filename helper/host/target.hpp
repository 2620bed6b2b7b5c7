#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/state.hpp"

namespace backups {

/// The places that backups go to by default for a source: the property `targets`.
std::vector<std::string> default_targets(const State& state, const Source& source);

/// Throws Error, kNotFound, unless all of them exist.
void require_targets(const State& state, const std::vector<std::string>& names);

/// Settings::unclear(), and the targets that can't be used.
std::vector<UnclearSetting> unclear_settings(const Settings& settings);

/// The target as a Store for the backups of `host`, of all hosts when that is empty. Throws Error,
/// kNotFound or kKey. `short`: it gets one short try, and is out of reach from then on.
std::unique_ptr<Store> open_target(const State& state, const std::string& target,
                                   const std::string& host, bool is_short = false);

}  // namespace backups
