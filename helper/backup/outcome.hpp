#pragma once

#include "backup/create.hpp"
#include "base/error.hpp"
#include "host/state.hpp"
#include "model/manifest.hpp"

namespace backups {

/// Alerts what came of a backup, and of its first copy. As all of notify/alert.hpp, they throw
/// nothing.
void tell_outcome(State& state, const CreateRequest& request, const Manifest& manifest);
void tell_outcome(State& state, const CreateRequest& request, const Error& error);

}  // namespace backups
