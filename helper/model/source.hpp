#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace backups {

/// A database, file or service that is backed up: "postgres:my-db", "sqlite:/srv/app.db".
struct Source {
  std::string type;     ///< "postgres"
  std::string name;     ///< as in file names and ids: "my-db", "app.db-1f0c2a9b4d5e6f70"
  std::string address;  ///< what hooks are given: "my-db", "/srv/app.db", "web/app/storage/app.db"

  /// "postgres:my-db"
  std::string text() const { return type + ":" + name; }
  /// As a person types it: "sqlite:/srv/app.db".
  std::string spelling() const { return type + ":" + address; }
  bool is_path() const { return address.find('/') != std::string::npos; }
  bool operator==(const Source&) const = default;
};

/// True for a name that is safe as a path component and that Dokku accepts: at most 100 letters,
/// digits, '_', '.' and '-', without a dot or dash at the beginning.
bool valid_name(std::string_view name);

/// True for lower-case letters, digits and '-' that begin with a letter.
bool valid_type(std::string_view type);

/// Makes the source of `type` at `address`. An address with a '/' is a path, whose stored name is
/// its last component and 16 digits of the SHA-256 of the address (`digest`, in hexadecimal).
/// Nothing if the type or the name is invalid.
std::optional<Source> make_source(const std::string& type, const std::string& address,
                                  const std::string& digest);

}  // namespace backups
