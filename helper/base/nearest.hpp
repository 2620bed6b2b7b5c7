#pragma once

#include <optional>
#include <string>
#include <vector>

namespace backups {

/// Returns the one of `names` that `word` most likely misspells: at most a third of its letters (at
/// least one) were inserted, removed, replaced or swapped with their neighbour (restricted
/// Damerau-Levenshtein distance). Of equally near names it returns the first, and nothing if all
/// are further away.
std::optional<std::string> nearest_name(const std::string& word,
                                        const std::vector<std::string>& names);

}  // namespace backups
