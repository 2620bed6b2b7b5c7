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

/// The file `catalog.db`, opened at first use and rebuilt from the manifests if it is lost or
/// damaged.
class CatalogFile {
 public:
  /// `settings` and `local` must outlive it.
  CatalogFile(Paths paths, const SettingsFile& settings, Store& local)
      : paths_(std::move(paths)), settings_(settings), local_(local) {}

  /// Opens the catalog at the first call, and again after another process has set it aside. A lost
  /// or damaged one is rebuilt from the manifests, with a message. While the disk is full or
  /// read-only, the result may be a read-only copy in memory. References that were returned earlier
  /// stay valid, but may be to a catalog that was set aside: call open() for each operation.
  Catalog& open();

  /// Records a backup that is known only from its manifest. The settings decide whether it was
  /// accepted as good.
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
  std::unique_ptr<Catalog> copy_;                  // kept while callers may still read it
  std::uint64_t file_id_ = 0;                      // inode of the open file
  std::vector<std::unique_ptr<Catalog>> retired_;  // closed files that callers may still refer to
};

}  // namespace backups
