#include "model/opening.hpp"

#include <array>

namespace backups {
namespace {

struct Opening {
  const char* kind;
  const char* reader;
};

/// Dumps of MySQL and MariaDB do not name their database, so one is created.
constexpr std::array<Opening, 7> kOpenings = {{
    {"pg_dump-custom",
     "PGOPTIONS='-c default_transaction_read_only=off' pg_restore -C -d postgres"},
    {"pg_dumpall-globals", "psql -d postgres"},
    {"sqlite-database", "cat >restored.db && sqlite3 restored.db .tables"},
    {"mysql-export",
     "{ mysql -e 'CREATE DATABASE IF NOT EXISTS restored' </dev/null && mysql restored; }"},
    {"mariadb-export",
     "{ mariadb -e 'CREATE DATABASE IF NOT EXISTS restored' </dev/null && mariadb restored; }"},
    {"mongo-export", "mongorestore --gzip --archive"},
    {"redis-export",
     "cat >dump.rdb && redis-server --port 6380 --dbfilename dump.rdb --save '' --appendonly no"},
}};

/// For the database that always exists, without creating it.
constexpr const char* kIntoPostgres =
    "PGOPTIONS='-c default_transaction_read_only=off' pg_restore -d postgres";

}  // namespace

std::optional<std::string> reader_of(const std::string& kind, const std::string& artifact) {
  if (kind == "pg_dump-custom" && artifact == "postgres") return kIntoPostgres;
  for (const auto& row : kOpenings)
    if (kind == row.kind) return row.reader;
  return std::nullopt;
}

std::string reader_or_file(const std::string& kind, const std::string& artifact) {
  return reader_of(kind, artifact).value_or("cat >restored.dump");
}

std::string open_command(const Stages& stages, const std::string& file, const std::string& reader) {
  const std::string plain = reading_command(stages, file);
  return plain.empty() ? reader : plain + " | " + reader;
}

}  // namespace backups
