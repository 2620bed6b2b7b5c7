#include "host/manifest_file.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/state.hpp"
#include "model/backup_id.hpp"
#include "model/limits.hpp"
#include "stream/digest.hpp"
#include "stream/limit.hpp"
#include "stream/text.hpp"
#include "sys/clock.hpp"

namespace backups {

std::optional<std::string> read_manifest_text(Store& store, const std::string& key) {
  TextSink text;
  LimitSink bounded(limits::kManifest, text);
  if (!store.get(key, bounded)) return std::nullopt;
  return std::move(text.text);
}

Manifest checked_manifest(const std::string& text) {
  Manifest manifest = parse_manifest(text);
  if (manifest.sequence > now() + limits::kSequenceAhead)
    throw Error(ErrorKind::kDamaged, "the manifest cannot be used: its sequence number " +
                                         std::to_string(manifest.sequence) + " is too high");
  const Source& source = manifest.source;
  if (make_source(source.type, source.address, sha256(source.address)) == source) return manifest;
  throw Error(ErrorKind::kDamaged, "the manifest cannot be used: its source is called " +
                                       printable(source.name) + ", which is not the name of " +
                                       printable(source.address));
}

Manifest load_manifest(Store& store, const Source& source, const std::string& id) {
  const auto text = read_manifest_text(store, key_of(source, manifest_file(id)));
  if (!text) throw Error(ErrorKind::kDamaged, "the manifest of " + id + " is missing");
  Manifest manifest = checked_manifest(*text);
  if (manifest.id != id || manifest.source.text() != source.text())
    throw Error(ErrorKind::kDamaged, "the manifest of " + id + " belongs to another backup");
  return manifest;
}

}  // namespace backups
