#include "catalog/catalog.hpp"
#include "catalog/job_marks.hpp"

// The queries that find suspect backups.

namespace backups {
namespace {

/// The triggers of backups that describe a service in normal use. Safety backups may be of a
/// damaged one, and adopted dumps of something else.
constexpr const char* kComparable =
    "type = ? AND name = ? AND status = 'success' AND trigger IN ('manual', 'schedule', 'deploy')";

}  // namespace

std::vector<Backup> Catalog::comparable(const Source& source, int limit) {
  return select(
      std::string(kComparable) + " AND imported = 0 ORDER BY sequence DESC, key DESC LIMIT ?",
      [&](Statement& query) { query.bind(source.type).bind(source.name).bind(limit); });
}

std::optional<Backup> Catalog::baseline(const Source& source) {
  const auto found = select(std::string(kComparable) +
                                " AND suspect = '' AND deleted_at IS NULL AND deleting = 0 "
                                "ORDER BY imported, sequence DESC, key DESC LIMIT 1",
                            [&](Statement& query) { query.bind(source.type).bind(source.name); });
  if (found.empty()) return std::nullopt;
  return found.front();
}

std::optional<Backup> Catalog::last_restored(const Source& source) {
  // The text that restore/restore.cpp records.
  const auto found = select(
      "key = (SELECT backup FROM events WHERE what = 'restored' AND detail = ? "
      "ORDER BY key DESC LIMIT 1)",
      [&](Statement& query) { query.bind("into " + source.spelling()); });
  if (found.empty()) return std::nullopt;
  return found.front();
}

std::optional<Time> Catalog::referred_since(const Source& source, const std::string& reference) {
  Statement query(database_,
                  "SELECT started_at FROM backups WHERE type = ? AND name = ? AND reference = ? "
                  "ORDER BY sequence < (SELECT max(at) FROM job_marks WHERE name = ?), sequence "
                  "LIMIT 1");
  query.bind(source.type).bind(source.name).bind(reference).bind(kReplaced + source.text());
  if (!query.step()) return std::nullopt;
  return query.number(0);
}

}  // namespace backups
