#pragma once

#include <optional>
#include <string>

#include "model/manifest.hpp"
#include "model/source.hpp"
#include "store/store.hpp"

namespace backups {

/// The text of a manifest, nothing when there is none. Throws Error, kDamaged, when it is larger
/// than any manifest is: no more of it is read.
std::optional<std::string> read_manifest_text(Store& store, const std::string& key);

/// parse_manifest(), and the source's name must be that of its address: what a bucket says of a
/// path is not believed. Throws Error, kDamaged.
Manifest checked_manifest(const std::string& text);

/// The committed manifest of a backup in `store`. Throws Error, kDamaged when it is missing or bad.
Manifest load_manifest(Store& store, const Source& source, const std::string& id);

}  // namespace backups
