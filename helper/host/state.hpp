#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "model/alert.hpp"
#include "model/settings.hpp"
#include "model/source.hpp"
#include "store/store.hpp"
#include "sys/lock.hpp"
#include "sys/process.hpp"

namespace backups {

using Environment = std::map<std::string, std::string>;

/// The state directory of one host (helper/FORMAT.md) and the hooks that serve it.
class State {
 public:
  /// `root` is made when it does not exist. `environment` is what hooks may see of ours.
  State(std::filesystem::path root, std::filesystem::path hooks, Environment environment);

  /// Hears what the rooms below `notify` have to say: something is wrong, or is over.
  using Listener = std::function<void(State&, const Alert&, bool is_over)>;
  void listen(Listener listener) { listener_ = std::move(listener); }
  void publish(const Alert& alert, bool is_over = false) {
    if (listener_) listener_(*this, alert, is_over);
  }

  const std::filesystem::path& root() const { return root_; }
  const std::filesystem::path& hooks() const { return hooks_; }
  const Environment& environment() const { return environment_; }

  /// The program to start for work in the background; empty, as it is at first: none is started.
  const std::filesystem::path& helper() const { return helper_; }
  void set_helper(std::filesystem::path helper) { helper_ = std::move(helper); }
  /// One of its verbs, on this state, as at a shell.
  Command helper_command(const std::string& verb) const;

  /// Opened at the first call, and again where another process has set it aside since. A lost or
  /// damaged one is rebuilt from the manifests, and that is said. While the disk is full or
  /// read-only it may be a copy in memory that can't be changed, so that what there is can be
  /// looked at; once there is room it is the file. What was returned before stays valid, but may be
  /// the one that was set aside: ask again for each thing to do.
  Catalog& catalog();
  Store& local() { return *local_; }
  /// `local`, or the target of that name, where keys are below its prefix and the name of `host`
  /// (ours when empty). Throws Error, kNotFound, or kKey without credentials.
  Store& store(const std::string& target, const std::string& host = {});

  /// While it lives, stores that are not local get one short try: for what need not be done now.
  class ShortTimeouts;

  /// Throws Error, kDamaged, with the next step, where settings.json as a whole can't be
  /// understood.
  Settings settings() const;
  /// From now on settings() is the built-in defaults: for whoever only looks, while the file can't
  /// be understood.
  void use_default_settings() { uses_defaults_ = true; }
  /// Reads, changes and replaces settings.json under its lock. Throws Error as settings().
  void change_settings(const std::function<void(Settings&)>& change);
  /// Below whose name new backups go in a bucket (host/identity.hpp).
  std::string host();

  /// Throws Error, kBusy, saying who has it.
  Lock lock(const Source& source, const std::string& purpose);
  /// Nothing when somebody has it.
  std::optional<Lock> try_lock(const Source& source, const std::string& purpose);

  /// Records a backup known only from its manifest, as a person last judged it.
  void adopt(Catalog& catalog, Manifest manifest, const std::string& target,
             const std::string& host) const;

  std::filesystem::path run_directory() const { return root_ / "run"; }
  std::filesystem::path log_file(const Source& source, const std::string& id) const;

 private:
  std::filesystem::path lock_file(const Source& source) const;
  std::filesystem::path catalog_file() const { return root_ / "catalog.db"; }
  Settings read_settings() const;
  bool is_catalog_current() const;
  void open_catalog();
  std::unique_ptr<Catalog> copy_catalog();
  void set_catalog_aside(const std::string& why);
  void rebuild(Catalog& catalog);

  std::filesystem::path root_;
  std::filesystem::path hooks_;
  Environment environment_;
  std::filesystem::path helper_;
  Listener listener_;
  std::unique_ptr<Store> local_;
  std::map<std::string, std::unique_ptr<Store>> remote_;  // by target, host and options
  bool short_timeouts_ = false;
  bool uses_defaults_ = false;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Catalog> copy_;  // stays when catalog_ is there again: somebody may still read it
  std::uint64_t catalog_file_id_ = 0;              // inode of what is open
  std::vector<std::unique_ptr<Catalog>> retired_;  // set aside, for whoever still holds one
};

class State::ShortTimeouts {
 public:
  explicit ShortTimeouts(State& state) : state_(state) { turn(true); }
  ~ShortTimeouts() { turn(false); }
  ShortTimeouts(const ShortTimeouts&) = delete;
  ShortTimeouts& operator=(const ShortTimeouts&) = delete;

 private:
  void turn(bool is_short) {
    state_.remote_.clear();
    state_.short_timeouts_ = is_short;
  }
  State& state_;
};

/// "<type>/<name>/<file>", the key of a file of a backup.
std::string key_of(const Source& source, const std::string& file);

/// True when dokku started us, for somebody who may not do everything.
bool called_by_dokku();

/// What hooks see of our environment: Dokku's paths and who called. `<root>/environment` has what
/// is missing there, as it is from cron.
Environment hook_environment(const std::filesystem::path& root);

}  // namespace backups
