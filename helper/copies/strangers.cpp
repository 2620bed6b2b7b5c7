#include "copies/strangers.hpp"

#include "archive/artifact.hpp"
#include "base/error.hpp"
#include "host/manifest_file.hpp"
#include "model/backup_id.hpp"

namespace backups {
namespace {

constexpr std::string_view kManifestEnd = ".json";

/// Reads only manifests that the catalog does not know, and stops at the first that is a clone's.
/// Damaged ones cannot tell.
void look_below(Identity& identity, Targets& targets, CatalogFile& catalog, const Source& source,
                const std::string& target, const std::string& host) {
  Store& store = targets.open(target, host);
  for (const auto& entry : store.list(source.type + "/" + source.name)) {
    if (!entry.key.ends_with(kManifestEnd)) continue;
    std::string id = entry.key.substr(entry.key.rfind('/') + 1);
    id.resize(id.size() - kManifestEnd.size());
    if (!parse_id(id) || catalog.open().find(source.type, id)) continue;
    try {
      if (is_strangers(identity, load_manifest(store, source, id), target)) return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kDamaged) throw;
    }
  }
}

}  // namespace

bool is_strangers(Identity& identity, const Manifest& manifest, const std::string& target) {
  const HostIdentity host = identity.read();
  if (host.wrote(manifest.writer)) return false;
  if (host.doubts(manifest.host)) return true;
  if (!host.owns(manifest.host)) return false;
  // Each writer raises the doubt once, so that the decision of a person lasts.
  if (!host.strangers.contains(manifest.writer))
    identity.doubt(manifest.id + " on " + target + " is stored below " + manifest.host +
                       ", but was not written by this machine",
                   manifest.writer);
  return true;
}

void notice_strangers(Identity& identity, Targets& targets, CatalogFile& catalog,
                      const Source& source, const Places& places) {
  for (const auto& [target, host] : places) {
    try {
      look_below(identity, targets, catalog, source, target, host);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
    }
  }
}

}  // namespace backups
