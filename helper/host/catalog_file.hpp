#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"
#include "store/store.hpp"

namespace backups {

/// `catalog.db`: opened where somebody asks for it, and made anew from the manifests where it is
/// lost.
class CatalogFile {
 public:
  /// `settings` and `local` must outlive it.
  CatalogFile(Paths paths, const SettingsFile& settings, Store& local)
      : paths_(std::move(paths)), settings_(settings), local_(local) {}

  /// Opened at the first call, and again where another process has set it aside since. A lost or
  /// damaged one is rebuilt from the manifests, and that is said. While the disk is full or
  /// read-only it may be a copy in memory that can't be changed, so that what there is can be
  /// looked at; once there is room it is the file. What was returned before stays valid, but may be
  /// the one that was set aside: ask again for each thing to do.
  Catalog& open();

  /// Records a backup known only from its manifest, as a person last judged it.
  void adopt(Manifest manifest, const std::string& target, const std::string& host);

 private:
  bool is_current() const;
  void open_file();
  std::unique_ptr<Catalog> copy() const;
  void set_aside(const std::string& why) const;
  void rebuild(Catalog& catalog) const;
  void adopt_into(Catalog& catalog, Manifest manifest, const std::string& target,
                  const std::string& host) const;

  Paths paths_;
  const SettingsFile& settings_;
  Store& local_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Catalog> copy_;  // stays when catalog_ is there again: somebody may still read it
  std::uint64_t file_id_ = 0;      // inode of what is open
  std::vector<std::unique_ptr<Catalog>> retired_;  // set aside, for whoever still holds one
};

}  // namespace backups
