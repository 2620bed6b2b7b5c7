#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace backups {

/// What a dump says of its own completeness.
struct Completeness {
  enum class Kind {
    kComplete,
    kIncomplete,
    kUnknown,  ///< the inspector does not support its version, or the format has no end mark
  };
  Kind kind = Kind::kUnknown;
  std::string why;  ///< empty if complete; otherwise a clause: "it is truncated in its header"
};

/// Reads a plain dump as it passes and decides whether it is complete. Callers make any number of
/// read() calls of any size, then one verdict(). Memory is bounded whatever the size of the dump.
/// Neither function trusts the contents or throws because of them. Not thread-safe.
class Inspector {
 public:
  Inspector() = default;
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;
  virtual ~Inspector() = default;

  virtual void read(std::string_view bytes) = 0;
  virtual Completeness verdict() = 0;
};

// clang-format off
/// The inspector that a hook names for an artifact (helper/README.md, "Hooks"):
///
/// | name                  | reads                                                    | complete if |
/// | `pg_dump-custom`      | `pg_dump -Fc`, archive versions 1.12 to 1.16 (PostgreSQL |             |
/// |                       | 9.0 to 18), any compression          | all blocks of all entries are there |
/// | `globals`, `sql-dump` | text of pg_dumpall, pg_dump, mysqldump, mariadb-dump     | it has the trailer |
/// | `rdb`                 | a dump of Redis or Valkey                  | the CRC-64 at its end matches |
/// | `tar`                 | ustar, pax, GNU               | a block of zeros follows the last member |
/// | `sqlite`              | a database file               | its length is page count times page size |
///
/// Returns null for a name that this version does not know, including the empty one.
// clang-format on
std::unique_ptr<Inspector> make_inspector(std::string_view name);

}  // namespace backups
