#pragma once

#include <string>
#include <vector>

#include "engine/state.hpp"

namespace backups {

/// Why a backup that is about to be committed may not be what it should be: beside the one before,
/// its server is another one, or its size or its number of rows collapsed (the property
/// `suspect-below`). Empty when nothing speaks against it.
std::string suspicion(State& state, const Manifest& manifest);

/// True for what suspicion() may speak against: a safety backup, say, is of a service in trouble.
bool is_judged(const Manifest& manifest);

/// Says that everything suspect of a source is right. Returns their ids.
std::vector<std::string> accept_suspects(State& state, const Source& source);

}  // namespace backups
