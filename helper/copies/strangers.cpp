#include "copies/strangers.hpp"

#include <optional>

#include "archive/artifact.hpp"
#include "base/error.hpp"
#include "host/manifest_file.hpp"
#include "model/backup_id.hpp"

namespace backups {
namespace {

constexpr std::string_view kManifestEnd = ".json";

bool is_foreign(const HostIdentity& host, const Manifest& manifest) {
  return !host.wrote(manifest.writer) &&
         (host.is_doubtful(manifest.host) || host.owns(manifest.host));
}

/// Each writer raises the doubt once, so that the decision of a person lasts.
bool raises_doubt(const HostIdentity& host, const Manifest& manifest) {
  return is_foreign(host, manifest) && !host.is_doubtful(manifest.host) &&
         !host.strangers.contains(manifest.writer);
}

/// The first manifest that raises a doubt. Only those that the catalog does not know are read.
/// Damaged ones cannot tell.
std::optional<Manifest> find_stranger(Identity& identity, Targets& targets, CatalogFile& catalog,
                                      const Source& source, const std::string& target,
                                      const std::string& host) {
  Store& store = targets.open(target, host);
  for (const auto& entry : store.list(source.type + "/" + source.name)) {
    if (!entry.key.ends_with(kManifestEnd)) continue;
    std::string id = entry.key.substr(entry.key.rfind('/') + 1);
    id.resize(id.size() - kManifestEnd.size());
    if (!parse_id(id) || catalog.open().find(source.type, id)) continue;
    try {
      const Manifest manifest = load_manifest(store, source, id);
      if (raises_doubt(identity.read(), manifest)) return manifest;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kDamaged) throw;
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_strangers(Identity& identity, const Manifest& manifest, const std::string& target) {
  const HostIdentity host = identity.read();
  if (raises_doubt(host, manifest))
    identity.doubt(manifest.id + " on " + target + " is stored below " + manifest.host +
                       ", but was not written by this machine",
                   manifest.writer);
  return is_foreign(host, manifest);
}

void notice_strangers(Identity& identity, Targets& targets, CatalogFile& catalog,
                      const Source& source, const Places& places) {
  for (const auto& [target, host] : places) {
    std::optional<Manifest> found;
    try {
      found = find_stranger(identity, targets, catalog, source, target, host);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
    }
    if (found) is_strangers(identity, *found, target);
  }
}

}  // namespace backups
