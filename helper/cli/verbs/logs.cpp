#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

bool in_progress(Catalog& catalog, const Backup& backup) {
  const auto current = catalog.find(backup.source.type, backup.id);
  return current && current->status == BackupStatus::kInProgress;
}

int logs(Call& call) {
  const Backup backup = call.resolver.backup(call.word(0));
  const fs::path path = call.state.paths.log_file(backup.source, backup.id);
  if (call.json) {
    auto lines = split(trim(read_file(path).value_or("")), '\n');
    print_json({{"id", backup.id}, {"lines", lines}});
    return 0;
  }
  std::size_t shown = 0;
  for (;;) {
    // Determined before reading, so that the last lines are not missed.
    const bool more = call.options.flag("follow") && in_progress(call.state.catalog.open(), backup);
    const std::string text = read_file(path).value_or("");
    print(text.substr(std::min(shown, text.size())));
    shown = text.size();
    if (!more) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    interrupt::check();
  }
}

}  // namespace

Verb logs_verb() {
  return {"logs",
          "<backup> [--follow]",
          "show the log of a backup",
          {1, 1},
          {{"follow", nullptr, "keep printing until the backup has ended"}},
          logs,
          false,
          false,
          true};
}

}  // namespace backups
