#include "host/settings_file.hpp"

#include <unistd.h>

#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace backups {
namespace {

/// Nothing if the file does not exist. If anything else has its name, or it is unreadable, it must
/// not be taken for missing: the settings exist, but are unknown.
std::optional<std::string> settings_text(const fs::path& file) {
  std::error_code unseen;
  if (is_in_the_way(file))
    throw Error(ErrorKind::kDamaged, fs::exists(file, unseen) ? "it is not a regular file"
                                                              : "it is a link to a missing file");
  if (::access(file.c_str(), F_OK) == 0 && ::access(file.c_str(), R_OK) != 0)
    throw Error(ErrorKind::kDamaged, "this user may not read it (as root: chown --reference=" +
                                         shell_quote(file.parent_path().string()) + " " +
                                         shell_quote(file.string()) + ")");
  return read_file(file);
}

}  // namespace

Settings SettingsFile::read() const { return uses_defaults_ ? Settings() : from_file(); }

Settings SettingsFile::from_file() const {
  const fs::path file = paths_.settings();
  try {
    const auto text = settings_text(file);
    return text ? parse(*text) : Settings();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    throw Error(ErrorKind::kDamaged,
                file.string() + " is not valid: " + error.what() +
                    ". Correct that file or restore a copy of it. To start without it: mv " +
                    shell_quote(file.string()) + " " + shell_quote(file.string() + ".damaged") +
                    "; schedules, targets, pins, properties and the name of this host off-site are "
                    "then lost, but no backup is");
  }
}

Settings SettingsFile::parse(const std::string& text) const {
  const std::lock_guard lock(mutex_);
  if (!last_ || last_->text != text) last_ = Parsed{text, Settings::parse(text)};
  return last_->settings;
}

void SettingsFile::change(const std::function<void(Settings&)>& change) {
  const Lock lock = Lock::acquire(paths_.lock("settings"));
  Settings changed = from_file();
  change(changed);
  write_file_atomically(paths_.settings(), changed.to_text());
}

}  // namespace backups
