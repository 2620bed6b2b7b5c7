#include "host/version.hpp"

#include <cstdlib>

namespace backups {

const char* const kVersion = BACKUPS_VERSION;

int major_version(const std::string& version) { return std::atoi(version.c_str()); }

}  // namespace backups
