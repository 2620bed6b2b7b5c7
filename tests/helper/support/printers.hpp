#pragma once

#include <ostream>

#include "base/error.hpp"
#include "model/source.hpp"
#include "stream/stage.hpp"

namespace backups {

// How GoogleTest prints values of the helper in failures.

inline void PrintTo(ErrorKind kind, std::ostream* out) {
  *out << "kind " << static_cast<int>(kind);
}

inline void PrintTo(const Source& source, std::ostream* out) {
  *out << source.text() << " (" << source.address << ")";
}

inline void PrintTo(const Step& step, std::ostream* out) {
  *out << step.stage->name << ":" << step.level;
}

}  // namespace backups
