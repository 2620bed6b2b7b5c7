#pragma once

#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "host/state.hpp"

namespace backups {

/// What Dokku's triggers tell of apps and services (triggers/). Settings of an app are those of the
/// scope "app:<app>".

/// The services that an app is linked to. Throws Error, kNotFound, where there is no such app.
std::vector<Source> linked_sources(State& state, const std::string& app);

/// Backs up what an app is linked to before its new code starts, unless a backup is fresh enough.
/// Does nothing unless the property `before-deploy` of the app is true. Throws Error, kRefused,
/// when that fails, `before-deploy-failure` is abort, and something of the app `runs`: at a boot it
/// must come up all the same.
void before_deploy(State& state, const std::string& app, bool runs, const Progress& progress);

/// Takes a last backup of a service that is about to be destroyed. Throws Error, kRefused, when
/// that fails and `final-backup` is require.
void before_destroy(State& state, const Source& source, const Progress& progress);

/// Its schedules wait until a service of that name is there again.
void after_destroy(State& state, const Source& source);
void after_create(State& state, const Source& source);

void app_renamed(State& state, const std::string& from, const std::string& to);
void app_cloned(State& state, const std::string& from, const std::string& to);
void app_destroyed(State& state, const std::string& app);

}  // namespace backups
