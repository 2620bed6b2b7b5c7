#include "model/manifest.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "input.hpp"

using namespace backups;

/// What is accepted is written as text that is accepted, and means the same.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::may_refuse([&] {
    const Manifest manifest = parse_manifest(fuzz::text_of(data, size));
    const std::string text = manifest_to_json(manifest).dump();
    if (manifest_to_json(parse_manifest(text)).dump() != text) std::abort();
    (void)manifest.rows();
  });
  return 0;
}
