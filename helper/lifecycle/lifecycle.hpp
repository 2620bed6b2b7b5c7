#pragma once

#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "host/state.hpp"

namespace backups {

// The events of apps and services that Dokku's triggers report (triggers/). The settings of an app
// have the scope "app:<app>". Functions that back up wait for the lock of the source.

/// The services that an app is linked to. Throws Error, kNotFound, if the app does not exist.
std::vector<Source> linked_sources(const Hooks& installed, const Paths& paths,
                                   const std::string& app);

/// If the property `before-deploy` of the app is true: backs up its linked services before the new
/// code starts, except those with a recent backup. Throws Error, kRefused, if that fails,
/// `before-deploy-failure` is abort, and the app `runs`. An app that does not run is started
/// anyway: the host may be booting.
void before_deploy(State& state, const std::string& app, bool runs, const Progress& progress);

/// Takes a final backup of a service that is about to be destroyed. Throws Error, kRefused, if that
/// fails and the property `final-backup` is require.
void before_destroy(State& state, const Source& source, const Progress& progress);

/// Pauses the schedules of a destroyed service until a service of that name is created again,
/// removes its property `final-backup`, and excludes its backups from what later ones are compared
/// with. Throws Error.
void after_destroy(SettingsFile& settings_file, Catalog& catalog, const Events& events,
                   const Source& source);
/// Resumes the schedules that after_destroy() paused, and no others.
void after_create(SettingsFile& settings_file, const Source& source);

// The settings of an app follow its name. Throw Error.
void app_renamed(SettingsFile& settings_file, const std::string& from, const std::string& to);
void app_cloned(SettingsFile& settings_file, const std::string& from, const std::string& to);
void app_destroyed(SettingsFile& settings_file, const std::string& app);

}  // namespace backups
