#include <cstdlib>

#include "base/controls.hpp"
#include "base/text.hpp"
#include "input.hpp"
#include "model/backup_id.hpp"
#include "model/source.hpp"

using namespace backups;

/// Names of sources, ids, files and keys: what is accepted is safe as a component of a path.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::text_of(data, size);
  if (const auto source = make_source("sqlite", text, std::string(64, '0')); source) {
    if (source->name.find('/') != std::string::npos || source->name[0] == '.') std::abort();
  }
  if (const auto id = parse_id(text); id && !valid_name(id->name)) std::abort();
  if (printable(printable(text)) != printable(text)) std::abort();
  escape_controls(text);
  scrub(text);
  return 0;
}
