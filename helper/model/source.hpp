#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace backups {

/// What is backed up: "postgres:my-db", "sqlite:/srv/app.db".
struct Source {
  std::string type;  ///< "postgres"
  std::string name;  ///< as in file names and ids: "my-db", "app.db-1f0c2a9b4d5e6f70"
  std::string
      address;  ///< what the hook is given: "my-db", "/srv/app.db", "web/app/storage/app.db"

  /// "postgres:my-db"
  std::string text() const { return type + ":" + name; }
  /// As a person wrote it: "sqlite:/srv/app.db".
  std::string spelling() const { return type + ":" + address; }
  bool is_path() const { return address.find('/') != std::string::npos; }
  bool operator==(const Source&) const = default;
};

/// A name that is safe as a path component and that Dokku accepts: letters, digits, '_', '.', '-',
/// no leading dot or dash, at most 100 characters.
bool valid_name(std::string_view name);

/// Lower-case letters, digits and '-', beginning with a letter.
bool valid_type(std::string_view type);

/// The source of `type` at `address`. An address with a '/' is a path: its stored name is its last
/// component and 16 digits of the SHA-256 of the address (`digest`, in hexadecimal). Nothing when
/// the type or the name is not valid.
std::optional<Source> make_source(const std::string& type, const std::string& address,
                                  const std::string& digest);

}  // namespace backups
