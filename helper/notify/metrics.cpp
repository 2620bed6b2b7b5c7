#include "notify/metrics.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/job_marks.hpp"
#include "catalog/latest.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace backups {
namespace {

/// A metric. The rows of `sql` are type, name, value and, if `label` is set, the value of that
/// label.
struct Metric {
  const char* name;
  const char* help;
  const char* label;
  std::string sql;
};

// Existing backups of existing services of this host: not deleted, and not from before the service
// was destroyed.
const std::string kThere =
    " FROM (SELECT * FROM backups WHERE deleted_at IS NULL AND imported = 0 AND sequence > "
    "ifnull((SELECT at FROM "
    "job_marks WHERE job_marks.name = '" +
    std::string(kDestroyed) + "' || type || ':' || backups.name), 0))";
// Safety backups exist only to undo a restore.
const std::string kNotSafety = " trigger <> 'safety'";

// A value of the backup that @latest selects. In a group, SQLite takes the other columns from the
// row with the max().
std::string of_last_success(const std::string& value) {
  return "SELECT type, name, " + value + ", max(sequence)" + kThere + " WHERE " +
         latest_condition() + " GROUP BY type, name";
}

// A value of the newest copy to each target.
std::string of_copies(const std::string& value, const std::string& which) {
  return "SELECT type, name, " + value + ", target, max(sequence)" + kThere +
         " JOIN copies ON backup = key WHERE " + which + " AND" + kNotSafety +
         " GROUP BY type, name, target";
}

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> kMetrics = {
      {"backups_last_success_timestamp_seconds", "When the last good backup finished.", nullptr,
       of_last_success("finished_at")},
      {"backups_last_duration_seconds", "Seconds that the last good backup took.", nullptr,
       of_last_success("finished_at - started_at")},
      {"backups_last_size_bytes", "Stored size of the last good backup.", nullptr,
       of_last_success("stored_size")},
      {"backups_last_raw_size_bytes", "Uncompressed size of the last good backup.", nullptr,
       of_last_success("raw_size")},
      {"backups_last_attempt_success", "1 if the last backup attempt succeeded, else 0.", nullptr,
       "SELECT type, name, status = 'success', max(sequence)" + kThere +
           " WHERE status <> 'in-progress' AND" + kNotSafety + " GROUP BY type, name"},
      {"backups_count", "Backups and attempts, by status.", "status",
       "SELECT type, name, count(*), status" + kThere + " GROUP BY type, name, status"},
      {"backups_copy_last_success_timestamp_seconds",
       "When the newest backup with a copy on the target finished.", "target",
       of_copies("finished_at", "copies.status = 'success'")},
      {"backups_copy_ok", "1 if the last copy to the target succeeded, else 0.", "target",
       of_copies("copies.status = 'success'", "copies.status NOT IN ('in-progress', 'deleted')")},
  };
  return kMetrics;
}

// printable() has already replaced line breaks, the third character that the format escapes.
std::string escape(const std::string& value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string assignment(const std::string& label, const std::string& value) {
  return label + "=\"" + escape(printable(value)) + "\"";
}

void add(std::string& text, Database& database, const Metric& metric) {
  const std::string name = metric.name;
  text += "# HELP " + name + " " + metric.help + "\n# TYPE " + name + " gauge\n";
  Statement rows(database, metric.sql);
  while (rows.step()) {
    std::string labels = assignment("source", rows.text(0) + ":" + rows.text(1)) + "," +
                         assignment("type", rows.text(0)) + "," + assignment("name", rows.text(1));
    if (metric.label != nullptr) labels += "," + assignment(metric.label, rows.text(3));
    text += name + "{" + labels + "} " + std::to_string(rows.number(2)) + "\n";
  }
}

}  // namespace

std::string metrics_text(Catalog& catalog) {
  std::string text;
  for (const auto& metric : metrics()) add(text, catalog.database(), metric);
  return text;
}

void Metrics::handle_event(const HostEvent& event) const {
  if (std::holds_alternative<BackupMade>(event) || std::holds_alternative<BackupFailed>(event) ||
      std::holds_alternative<CopyEnded>(event) || std::holds_alternative<BackupsChanged>(event))
    write();
}

void Metrics::write() const {
  try {
    const std::string path = settings_.read().get(Settings::kGlobal, "metrics-file");
    if (path.empty()) return;
    // Without the lock, an older text could replace a newer one.
    const Lock lock = Lock::acquire(paths_.lock("metrics"));
    write_file_atomically(path, metrics_text(catalog_.open()), 0644);
  } catch (const std::exception& error) {
    log::warn(std::string("The metrics could not be written: ") + error.what());
  }
}

}  // namespace backups
