#pragma once

#include <ostream>

#include "base/error.hpp"
#include "model/codec.hpp"
#include "model/source.hpp"

namespace backups {

// What GoogleTest prints of our values when they differ.

inline void PrintTo(ErrorKind kind, std::ostream* out) {
  *out << "kind " << static_cast<int>(kind);
}

inline void PrintTo(const Source& source, std::ostream* out) {
  *out << source.text() << " (" << source.address << ")";
}

inline void PrintTo(const Codec& codec, std::ostream* out) {
  *out << codec_name(codec.kind) << ":" << codec.level;
}

}  // namespace backups
