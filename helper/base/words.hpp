#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace backups {

/// The words for the values of an enum whose values count from 0: as written to disk and shown.
template <typename Enum, std::size_t N>
struct Words {
  std::array<const char*, N> words;

  constexpr const char* operator[](Enum value) const {
    return words[static_cast<std::size_t>(value)];
  }
  /// Returns nothing for an unknown word.
  constexpr std::optional<Enum> find(std::string_view word) const {
    for (std::size_t i = 0; i < N; ++i)
      if (word == words[i]) return static_cast<Enum>(i);
    return std::nullopt;
  }
};

}  // namespace backups
