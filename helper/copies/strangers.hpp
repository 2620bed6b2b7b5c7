#pragma once

#include <set>
#include <string>
#include <utility>

#include "host/state.hpp"
#include "model/manifest.hpp"

namespace backups {

/// True when a manifest below a name of this host was written by another machine: a clone of it.
/// Where that was not known yet, the names of this host become doubtful.
bool is_strangers(State& state, const Manifest& manifest, const std::string& target);

/// The places of a source's copies: a target, and the name of the host there.
using Places = std::set<std::pair<std::string, std::string>>;

/// Looks there for manifests that the catalog does not know, before anything is removed. What can't
/// be looked at is left to whoever removes.
void notice_strangers(State& state, const Source& source, const Places& places);

}  // namespace backups
