#include "host/state.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "host/identity.hpp"
#include "host/manifest_file.hpp"
#include "host/target.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "store/local.hpp"
#include "sys/clock.hpp"
#include "sys/disk_space.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

/// Everything that a hook may see of our environment.
constexpr auto kPassedOn = std::to_array<std::string_view>({"PATH",
                                                            "HOME",
                                                            "DOKKU_ROOT",
                                                            "DOKKU_LIB_ROOT",
                                                            "DOKKU_HOST_ROOT",
                                                            "DOKKU_LIB_HOST_ROOT",
                                                            "DOKKU_DISTRO",
                                                            "DOKKU_LOGS_DIR",
                                                            "DOKKU_API_VERSION",
                                                            "DOKKU_NOT_IMPLEMENTED_EXIT",
                                                            "DOKKU_VALID_EXIT",
                                                            "DOKKU_SYSTEM_USER",
                                                            "DOKKU_SYSTEM_GROUP",
                                                            "DOKKU_GLOBAL_RUN_ARGS",
                                                            "PLUGIN_PATH",
                                                            "PLUGIN_AVAILABLE_PATH",
                                                            "PLUGIN_ENABLED_PATH",
                                                            "PLUGIN_CORE_PATH",
                                                            "PLUGIN_CORE_AVAILABLE_PATH",
                                                            "PLUGIN_CORE_ENABLED_PATH",
                                                            "DOCKER_BIN",
                                                            "SSH_USER",
                                                            "SSH_NAME",
                                                            "NAME"});

/// Those in the state directory that are no type of source.
constexpr std::array kOwnDirectories = {"locks", "run", "logs", "secrets"};

bool is_reserved(std::string_view name) {
  return std::find(kOwnDirectories.begin(), kOwnDirectories.end(), name) != kOwnDirectories.end();
}

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void read_environment_file(const fs::path& path, Environment& environment) {
  for (const auto& line : split(read_file(path).value_or(""), '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    if (std::find(kPassedOn.begin(), kPassedOn.end(), name) != kPassedOn.end())
      environment.emplace(name, line.substr(equals + 1));
  }
}

}  // namespace

Environment hook_environment(const fs::path& root) {
  Environment environment;
  for (const auto name : kPassedOn) {
    if (const char* value = std::getenv(name.data())) environment[std::string(name)] = value;
  }
  read_environment_file(root / "environment", environment);
  environment.emplace("PATH", kDefaultPath);
  environment.emplace("HOME", "/");
  environment.emplace("DOCKER_BIN", "docker");
  environment["LC_ALL"] = "C.UTF-8";
  return environment;
}

namespace {

/// A directory, a link to nowhere or the like. A link to a file is one that lies on another disk.
bool is_in_the_way(const fs::path& path) {
  std::error_code unseen;
  return fs::exists(fs::symlink_status(path, unseen)) && !fs::is_regular_file(path, unseen);
}

/// Nothing where there is no such name. Where something else has it, somebody asked for something,
/// and it can't be told what.
std::optional<std::string> settings_text(const fs::path& file) {
  std::error_code unseen;
  if (is_in_the_way(file))
    throw Error(ErrorKind::kDamaged, fs::exists(file, unseen) ? "it is not a regular file"
                                                              : "it is a link to a missing file");
  return read_file(file);
}

/// 0 where there is none.
std::uint64_t file_id(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

std::string key_of(const Source& source, const std::string& file) {
  return source.type + "/" + source.name + "/" + file;
}

bool called_by_dokku() { return std::getenv("PLUGIN_PATH") != nullptr; }

State::State(fs::path root, fs::path hooks, Environment environment)
    : root_(std::move(root)),
      hooks_(std::move(hooks)),
      environment_(std::move(environment)),
      local_(make_local_store(root_)) {
  make_directories(root_);
  for (const char* name : kOwnDirectories) make_directories(root_ / name);
}

Command State::helper_command(const std::string& verb) const {
  Command command;
  command.argv = {helper_, verb, "--root", root_, "--hooks", hooks_};
  command.environment = own_environment();
  command.environment.erase("PLUGIN_PATH");  // that says that dokku called
  return command;
}

Catalog& State::catalog() {
  const bool open = catalog_ && is_catalog_current();
  if (!open && copy_ && !has_disk_space(root_, kSpaceToRecord)) return *copy_;
  if (open) return *catalog_;
  try {
    open_catalog();
    return *catalog_;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled || has_disk_space(root_, kSpaceToRecord)) throw;
    if (!copy_) copy_ = copy_catalog();
    return *copy_;
  }
}

std::unique_ptr<Catalog> State::copy_catalog() {
  std::unique_ptr<Catalog> copy;
  try {
    copy = Catalog::copy_of(is_in_the_way(catalog_file()) ? "" : catalog_file());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    copy = Catalog::copy_of("");
  }
  if (!copy->is_complete()) rebuild(*copy);
  copy->freeze();
  return copy;
}

/// What is written into one that was set aside is lost.
bool State::is_catalog_current() const {
  std::error_code unseen;
  return file_id(catalog_file()) == catalog_file_id_ &&
         !fs::exists(Database::damage_mark(catalog_file()), unseen);
}

void State::open_catalog() {
  if (catalog_) retired_.push_back(std::move(catalog_));
  // While one command makes or rebuilds it, the others wait.
  const Lock lock = Lock::acquire(root_ / "locks" / "catalog");
  std::unique_ptr<Catalog> opened;
  try {
    std::error_code unseen;
    if (fs::exists(Database::damage_mark(catalog_file()), unseen))
      throw Error(ErrorKind::kDamaged, "a command found it damaged");
    for (const char* part : {"", "-wal", "-shm"})
      if (const fs::path file = catalog_file().string() + part; is_in_the_way(file))
        throw Error(ErrorKind::kDamaged, file.string() + " is not a regular file");
    opened = std::make_unique<Catalog>(catalog_file());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kRefused)
      throw Error(error.kind(),
                  catalog_file().string() + " cannot be used: " + error.what() +
                      ". Start with a new directory: mv " + shell_quote(root_.string()) + " " +
                      shell_quote(root_.string() + ".preview") +
                      "; the backups in it open with standard tools, as each manifest says");
    if (error.kind() != ErrorKind::kDamaged) throw;
    set_catalog_aside(error.what());
    opened = std::make_unique<Catalog>(catalog_file());
  }
  catalog_file_id_ = file_id(catalog_file());
  if (!opened->is_complete()) {
    rebuild(*opened);
    opened->mark_complete();
  }
  catalog_ = std::move(opened);
}

void State::set_catalog_aside(const std::string& why) {
  const fs::path aside = catalog_file().string() + ".damaged-" + id_time(now());
  // Somebody may have removed it, and left the mark.
  std::error_code unseen;
  const bool there = fs::exists(fs::symlink_status(catalog_file(), unseen));
  if (there && ::rename(catalog_file().c_str(), aside.c_str()) != 0)
    throw system_error("cannot set the damaged " + catalog_file().string() + " aside", errno);
  const std::string mark = Database::damage_mark("");
  for (const std::string& part : {std::string("-wal"), std::string("-shm"), mark}) {
    const fs::path file = catalog_file().string() + part;
    if (!is_in_the_way(file)) {
      remove_durably(file);
    } else if (::rename(file.c_str(), (aside.string() + part).c_str()) != 0) {
      throw system_error("cannot set " + file.string() + " aside", errno);
    }
  }
  log::warn("The catalog is damaged (" + why + ")" + (there ? ", kept as " + aside.string() : ""));
}

void State::rebuild(Catalog& catalog) {
  std::size_t found = 0;
  std::error_code unseen;
  for (const auto& type : list_directory(root_)) {
    if (is_reserved(type) || !valid_type(type) || !fs::is_directory(root_ / type, unseen)) continue;
    for (const auto& entry : local_->list(type)) {
      if (!entry.key.ends_with(".json")) continue;
      try {
        const Manifest manifest =
            checked_manifest(read_manifest_text(*local_, entry.key).value_or(""));
        if (entry.key != key_of(manifest.source, manifest_file(manifest.id))) continue;
        adopt(catalog, manifest, kLocalTarget, "");
        ++found;
      } catch (const Error& error) {
        log::warn(entry.key + ": " + error.what());
      }
    }
  }
  if (found > 0)
    log::step("The catalog was lost: rebuilt from the manifests of " + std::to_string(found) +
              " backup(s) on this host");
  if (!settings().targets.empty())
    log::warn("Off-site copies are not in the catalog yet: run " + command("sync"));
}

void State::adopt(Catalog& catalog, Manifest manifest, const std::string& target,
                  const std::string& host) const {
  if (settings().accepted.contains(manifest.source.type + ":" + manifest.id))
    manifest.suspect = manifest.reference = "";
  catalog.adopt(manifest, target, host);
}

Store& State::store(const std::string& target, const std::string& host_name) {
  if (target == kLocalTarget) return *local_;
  const std::string of = host_name.empty() ? host() : host_name;
  // One whose options were changed since is another place.
  std::string options;
  const auto targets = settings().targets;
  if (const auto found = targets.find(target); found != targets.end())
    for (const auto& [name, value] : found->second) options += "\n" + name + "=" + value;
  auto& store = remote_[target + "/" + of + options];
  if (!store) store = open_target(*this, target, of, short_timeouts_);
  return *store;
}

Settings State::settings() const { return uses_defaults_ ? Settings() : read_settings(); }

Settings State::read_settings() const {
  const fs::path file = root_ / "settings.json";
  try {
    const auto text = settings_text(file);
    return text ? Settings::parse(*text) : Settings();
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

void State::change_settings(const std::function<void(Settings&)>& change) {
  const Lock lock = Lock::acquire(root_ / "locks" / "settings");
  Settings changed = read_settings();
  change(changed);
  write_file_atomically(root_ / "settings.json", changed.to_text());
}

std::string State::host() { return host_identity(*this).name; }

fs::path State::lock_file(const Source& source) const {
  return root_ / "locks" / (source.type + "." + source.name);
}

std::optional<Lock> State::try_lock(const Source& source, const std::string& purpose) {
  return Lock::try_acquire(lock_file(source), purpose + " (process " + std::to_string(::getpid()) +
                                                  ", since " + rfc3339(now()) + ")");
}

Lock State::lock(const Source& source, const std::string& purpose) {
  if (auto lock = try_lock(source, purpose)) return std::move(*lock);
  const std::string holder = Lock::holder(lock_file(source));
  // What backups:cancel finds: the rest ends by itself.
  const bool stoppable =
      holder.starts_with("create") || holder.starts_with("adopt") || holder.starts_with("restore");
  throw Error(
      ErrorKind::kBusy,
      source.spelling() + " is busy: " + (holder.empty() ? "another command" : holder) +
          ". Wait for it" +
          (stoppable ? ", or stop it with " + command("cancel") + " " + source.spelling() : ""));
}

fs::path State::log_file(const Source& source, const std::string& id) const {
  return root_ / "logs" / source.type / source.name / (id + ".log");
}

}  // namespace backups
