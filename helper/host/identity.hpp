#pragma once

#include <string>

#include "host/state.hpp"
#include "model/host.hpp"

namespace backups {

/// Who this host is, as settings.json has it. At the first use that is made up; on a machine that
/// is another one than it is bound to, the host gets a new name at once, its old ones are doubtful,
/// and that is alerted. Throws Error.
HostIdentity host_identity(State& state);

/// What lies below a name of this host was written by another: as on another machine. `writer` is
/// the token of what was found.
void doubt_host(State& state, const std::string& why, const std::string& writer);

/// What a person decides of doubtful names. Both end the alert, and replace an identity in
/// settings.json that is not understood.
void keep_host(State& state);
/// Makes a new name where nothing was in doubt.
void renew_host(State& state);

}  // namespace backups
