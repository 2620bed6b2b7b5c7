#pragma once

#include <optional>
#include <string>

#include "model/manifest.hpp"
#include "model/source.hpp"
#include "store/store.hpp"

namespace backups {

/// Reads the text of a manifest; nothing if there is none. Throws Error, kDamaged, if it exceeds
/// the size limit, without reading any further.
std::optional<std::string> read_manifest_text(Store& store, const std::string& key);

/// Like parse_manifest(), and checks what a manifest in a bucket could be forged for: that the
/// source's name belongs to its address, so that this host uses no other path, and that later
/// backups can have greater sequence numbers. Throws Error, kDamaged.
Manifest checked_manifest(const std::string& text);

/// Reads the manifest of a backup. Throws Error, kDamaged, if it is missing, invalid or of another
/// backup.
Manifest load_manifest(Store& store, const Source& source, const std::string& id);

}  // namespace backups
