#pragma once

#include <string>

#include "cli/verb.hpp"

namespace backups {

/// What comes before the name of an app in a scope of settings.
inline constexpr const char* kAppScope = "app:";

/// True if the word is an app that exists and that the caller may use.
bool is_own_app(Call& call, const std::string& word);

/// The scope of a source that exists, or of an app, called `word`: "postgres:my-db", "app:web".
/// A word without a colon is a source. Throws Error.
std::string scope_of(Call& call, const std::string& word);

}  // namespace backups
