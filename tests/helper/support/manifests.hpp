#pragma once

#include <nlohmann/json.hpp>

#include "model/backup.hpp"
#include "model/backup_id.hpp"
#include "support/printers.hpp"

namespace backups::tests {

/// 2026-04-08T14:30:00Z
constexpr Time kNoon = 1'775'658'600;

/// The manifest with `bytes` that match its members.
inline Manifest sealed(Manifest manifest) {
  manifest.bytes = manifest_to_json(manifest).dump();
  return manifest;
}

/// A manifest of two artifacts, of 30 bytes stored and 300 plain in total. There are no files.
inline Manifest manifest_of(const Source& source, Time time) {
  Manifest manifest;
  manifest.id = make_id(source.name, time);
  manifest.source = source;
  manifest.host = "host-00c0ffee";
  manifest.engine = "Fake";
  manifest.engine_version = "12.3";
  manifest.trigger = Trigger::kManual;
  manifest.sequence = time;
  manifest.started_at = time;
  manifest.finished_at = time + 5;
  for (const char* name : {"a", "b"}) {
    Artifact artifact;
    artifact.name = name;
    artifact.file = manifest.id + "." + name + ".dump";
    artifact.stored_size = name[0] == 'a' ? 10 : 20;
    artifact.raw_size = name[0] == 'a' ? 100 : 200;
    manifest.artifacts.push_back(artifact);
  }
  return sealed(manifest);
}

/// Such a manifest for a backup that is in progress.
inline Manifest manifest_of(const Backup& backup) {
  Manifest manifest = manifest_of(backup.source, backup.started_at);
  manifest.id = backup.id;
  manifest.trigger = backup.trigger;
  manifest.label = backup.label;
  manifest.sequence = backup.sequence;
  for (auto& artifact : manifest.artifacts)
    artifact.file = manifest.id + "." + artifact.name + ".dump";
  return sealed(manifest);
}

}  // namespace backups::tests
