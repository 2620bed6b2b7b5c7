#include "engine/manifest_text.hpp"

#include "model/limits.hpp"
#include "stream/limit.hpp"
#include "stream/text.hpp"

namespace backups {

std::optional<std::string> read_manifest_text(Store& store, const std::string& key) {
  TextSink text;
  LimitSink bounded(limits::kManifest, text);
  if (!store.get(key, bounded)) return std::nullopt;
  return std::move(text.text);
}

}  // namespace backups
