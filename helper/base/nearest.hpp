#pragma once

#include <optional>
#include <string>
#include <vector>

namespace backups {

/// The one of `names` that `word` is most likely a misspelling of: at most a third of its letters
/// inserted, removed, replaced or swapped with the next (restricted Damerau-Levenshtein distance).
/// Nothing where all are further away; the first of several that are equally near.
std::optional<std::string> nearest_name(const std::string& word,
                                        const std::vector<std::string>& names);

}  // namespace backups
