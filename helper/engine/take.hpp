#pragma once

#include <string>

#include "engine/copy.hpp"
#include "engine/create.hpp"

namespace backups {

/// create_backup() for whoever makes one that people count on: those who want to hear of its end
/// do, and the metrics follow. Throws Error.
Created take_backup(State& state, const CreateRequest& request, const Progress& progress);

/// The same for push_backup().
Pushed take_copy(State& state, const Backup& backup, const std::string& target,
                 const Progress& progress);

}  // namespace backups
