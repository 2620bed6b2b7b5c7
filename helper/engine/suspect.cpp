#include "engine/suspect.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "catalog/chores.hpp"

namespace backups {
namespace {

/// Below this a database is small change: an empty one is a few KiB.
constexpr std::uint64_t kSmall = 16 * 1024;  // bytes
constexpr std::int64_t kFewRows = 100;

/// "16" of "16.4 (Debian 16.4-1)"
std::string major(const std::string& version) { return version.substr(0, version.find('.')); }

bool collapsed(std::uint64_t now, std::uint64_t before, std::uint64_t percent) {
  return now * 100 < before * percent;
}

std::string shrunk(const std::string& what, const std::string& now, const std::string& before,
                   const std::string& id) {
  return "it has " + now + what + ", " + id + " had " + before + what;
}

}  // namespace

bool is_judged(const Manifest& manifest) {
  return manifest.trigger == "manual" || manifest.trigger == "schedule" ||
         manifest.trigger == "deploy";
}

std::string suspicion(State& state, const Manifest& manifest) {
  const auto before = state.catalog().latest(manifest.source);
  if (!is_judged(manifest) || !before || before->trigger == "adopt") return "";
  const auto& source = manifest.source;
  const Chores chores(state.catalog().database());
  const Time replaced = chores.done_at(kReplaced + source.text());
  const Time destroyed = chores.done_at(kDestroyed + source.text());
  // Whoever restored since knows that it may be less and, into a service that was made anew, that
  // it is on another server.
  const bool restored = replaced >= before->started_at && replaced > destroyed;
  const bool moved = restored && destroyed >= before->started_at;
  if (!moved && !manifest.identity.empty() && !before->identity.empty() &&
      manifest.identity != before->identity)
    return "its server is another one than that of " + before->id;
  if (!moved && manifest.engine == before->engine &&
      major(manifest.engine_version) != major(before->engine_version))
    return manifest.engine + " is " + manifest.engine_version + " now, for " + before->id +
           " it was " + before->engine_version;
  if (restored) return "";
  const std::uint64_t percent = state.settings().percent(source.text(), "suspect-below");
  if (before->raw_size.value_or(0) >= kSmall &&
      collapsed(manifest.raw_size(), *before->raw_size, percent))
    return shrunk("", human_size(manifest.raw_size()), human_size(*before->raw_size), before->id);
  if (manifest.rows() && before->rows.value_or(0) >= kFewRows &&
      collapsed(static_cast<std::uint64_t>(*manifest.rows()),
                static_cast<std::uint64_t>(*before->rows), percent))
    return shrunk(" rows", std::to_string(*manifest.rows()), std::to_string(*before->rows),
                  before->id);
  return "";
}

std::vector<std::string> accept_suspects(State& state, const Source& source) {
  std::vector<std::string> accepted;
  Catalog::Filter filter;
  filter.source = source;
  for (const auto& backup : state.catalog().list(filter)) {
    if (backup.suspect.empty()) continue;
    // The settings outlive the catalog, which reads the manifest again when it is rebuilt.
    state.change_settings([&](Settings& settings) { settings.accepted.insert(backup.text()); });
    state.catalog().accept(backup);
    state.catalog().record(backup, "accepted", backup.suspect, now());
    accepted.push_back(backup.id);
  }
  return accepted;
}

}  // namespace backups
