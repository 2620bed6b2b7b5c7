#include "host/catalog_file.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "host/manifest_file.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "sys/clock.hpp"
#include "sys/disk_space.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace backups {
namespace {

/// The inode of a file; 0 if there is none.
std::uint64_t file_id(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

Catalog& CatalogFile::open() {
  const bool open = catalog_ && is_current();
  if (!open && copy_ && !has_disk_space(paths_.root, kSpaceToRecord)) return *copy_;
  if (open) return *catalog_;
  try {
    open_file();
    return *catalog_;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled || has_disk_space(paths_.root, kSpaceToRecord)) throw;
    if (!copy_) copy_ = copy();
    return *copy_;
  }
}

std::unique_ptr<Catalog> CatalogFile::copy() const {
  std::unique_ptr<Catalog> copy;
  try {
    copy = Catalog::copy_of(is_in_the_way(paths_.catalog()) ? "" : paths_.catalog());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    copy = Catalog::copy_of("");
  }
  if (!copy->is_complete()) rebuild(*copy);
  copy->freeze();
  return copy;
}

/// False if the open file was set aside or replaced: writes to it would be lost.
bool CatalogFile::is_current() const {
  std::error_code unseen;
  return file_id(paths_.catalog()) == file_id_ &&
         !fs::exists(Database::damage_mark(paths_.catalog()), unseen);
}

void CatalogFile::open_file() {
  if (catalog_) retired_.push_back(std::move(catalog_));
  // Other commands wait while one creates or rebuilds the catalog.
  const Lock lock = Lock::acquire(paths_.lock("catalog"));
  std::unique_ptr<Catalog> opened;
  try {
    std::error_code unseen;
    if (fs::exists(Database::damage_mark(paths_.catalog()), unseen))
      throw Error(ErrorKind::kDamaged, "a command found it damaged");
    for (const char* part : {"", "-wal", "-shm"})
      if (const fs::path file = paths_.catalog().string() + part; is_in_the_way(file))
        throw Error(ErrorKind::kDamaged, file.string() + " is not a regular file");
    opened = std::make_unique<Catalog>(paths_.catalog());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kRefused)
      throw Error(error.kind(), paths_.catalog().string() + " cannot be used: " + error.what() +
                                    ". Start with a new directory: mv " +
                                    shell_quote(paths_.root.string()) + " " +
                                    shell_quote(paths_.root.string() + ".preview") +
                                    "; settings.json may be copied into the new one, and the old "
                                    "backups open with standard "
                                    "tools, as each manifest says");
    if (error.kind() != ErrorKind::kDamaged) throw;
    set_aside(error.what());
    opened = std::make_unique<Catalog>(paths_.catalog());
  }
  file_id_ = file_id(paths_.catalog());
  if (!opened->is_complete()) {
    rebuild(*opened);
    opened->mark_complete();
  }
  catalog_ = std::move(opened);
}

void CatalogFile::set_aside(const std::string& why) const {
  const fs::path aside = paths_.catalog().string() + ".damaged-" + id_time(now());
  // The file may have been removed by hand, but not the mark.
  std::error_code unseen;
  const bool there = fs::exists(fs::symlink_status(paths_.catalog(), unseen));
  if (there && ::rename(paths_.catalog().c_str(), aside.c_str()) != 0)
    throw system_error("cannot set the damaged " + paths_.catalog().string() + " aside", errno);
  const std::string mark = Database::damage_mark("");
  for (const std::string& part : {std::string("-wal"), std::string("-shm"), mark}) {
    const fs::path file = paths_.catalog().string() + part;
    if (!is_in_the_way(file)) {
      remove_durably(file);
    } else if (::rename(file.c_str(), (aside.string() + part).c_str()) != 0) {
      throw system_error("cannot set " + file.string() + " aside", errno);
    }
  }
  log::warn("The catalog is damaged (" + why + ")" + (there ? ", kept as " + aside.string() : ""));
}

void CatalogFile::rebuild(Catalog& catalog) const {
  std::size_t found = 0;
  std::error_code unseen;
  for (const auto& type : list_directory(paths_.root)) {
    if (is_own_directory(type) || !valid_type(type) ||
        !fs::is_directory(paths_.root / type, unseen))
      continue;
    for (const auto& entry : local_.list(type)) {
      if (!entry.key.ends_with(".json")) continue;
      try {
        const Manifest manifest =
            checked_manifest(read_manifest_text(local_, entry.key).value_or(""));
        if (entry.key != key_of(manifest.source, manifest_file(manifest.id))) continue;
        adopt_into(catalog, manifest, kLocalTarget, "");
        ++found;
      } catch (const Error& error) {
        log::warn(entry.key + ": " + error.what());
      }
    }
  }
  if (found > 0)
    log::step("The catalog was lost: rebuilt from the manifests of " + std::to_string(found) +
              " backup(s) on this host");
  // A host without a name off-site has stored nothing there: it is new, and lost nothing.
  const Settings settings = settings_.read();
  if (!settings.targets.empty() && !settings.host.name.empty())
    log::warn("Off-site copies are not in the catalog yet: run " + command("sync"));
}

void CatalogFile::adopt_into(Catalog& catalog, Manifest manifest, const std::string& target,
                             const std::string& host) const {
  const Settings settings = settings_.read();
  if (settings.accepted.contains(manifest.text())) manifest.suspect = manifest.reference = "";
  catalog.adopt(manifest, target, host, target != kLocalTarget && !settings.host.owns(host));
}

void CatalogFile::adopt(Manifest manifest, const std::string& target, const std::string& host) {
  adopt_into(open(), std::move(manifest), target, host);
}

}  // namespace backups
