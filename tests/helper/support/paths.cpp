#include "support/paths.hpp"

namespace backups::tests {

std::string source(const std::string& path) { return BACKUPS_SOURCE_DIR "/" + path; }

std::string golden(const std::string& file) { return source("tests/helper/golden/" + file); }

std::string helper_program() { return BACKUPS_HELPER; }

}  // namespace backups::tests
