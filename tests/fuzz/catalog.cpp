#include "catalog/catalog.hpp"

#include <cstdlib>

#include "input.hpp"
#include "model/manifest.hpp"

using namespace backups;

/// Whatever manifest is accepted can be taken into the catalog and found there.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Catalog catalog(":memory:");
  fuzz::may_refuse([&] {
    const Manifest manifest = parse_manifest(fuzz::text_of(data, size));
    if (!catalog.find(manifest.source.type, manifest.id)) catalog.adopt(manifest, "local", "");
    if (!catalog.find(manifest.source.type, manifest.id)) std::abort();
    catalog.list({});
  });
  return 0;
}
