#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/text.hpp"
#include "inspect/formats.hpp"

namespace backups {
namespace {

constexpr std::size_t kLineStart = 200;  // bytes of a line that are examined
constexpr std::size_t kShown = 80;       // bytes of a line that a message quotes
constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The first and the last line of a dump, by the program that prints them.
struct Dialect {
  std::string_view first;
  std::string_view last;
  std::string_view program;
};
constexpr std::array<Dialect, 4> kDialects = {{
    {"-- MySQL dump ", "-- Dump completed", "mysqldump"},
    {"-- MariaDB dump ", "-- Dump completed", "mariadb-dump"},
    {"-- PostgreSQL database cluster dump", "-- PostgreSQL database cluster dump complete",
     "pg_dumpall"},
    {"-- PostgreSQL database dump", "-- PostgreSQL database dump complete", "pg_dump"},
}};

/// Prefixes of error messages that end up in a dump when stderr was redirected into it. Lines of
/// data never begin with them.
constexpr std::array<std::string_view, 4> kErrors = {
    "mysqldump: ", "mariadb-dump: ", "pg_dumpall: ", "pg_dump: "};

constexpr std::array<std::string_view, 24> kFirstWords = {
    "ALTER",     "ANALYZE", "BEGIN", "CALL",  "COMMIT", "COPY",     "CREATE", "DELETE",
    "DELIMITER", "DO",      "DROP",  "FLUSH", "GRANT",  "INSERT",   "LOCK",   "PRAGMA",
    "REPLACE",   "SELECT",  "SET",   "START", "UNLOCK", "TRUNCATE", "UPDATE", "USE"};

bool is_comment(std::string_view line) {
  return line == "--" || line.starts_with("-- ") || line.starts_with("--\t") ||
         line.starts_with("/*") || line.starts_with("#");
}

/// True for a line that begins a statement, a comment or a psql command.
bool is_sql(std::string_view line) {
  std::string word;
  for (const char c : line.substr(0, line.find_first_of(" \t(;")))
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return is_comment(line) || line.starts_with("\\") ||
         std::find(kFirstWords.begin(), kFirstWords.end(), word) != kFirstWords.end();
}

/// What follows CREATE, ALTER and DROP where it is SQL and no prose.
constexpr std::array<std::string_view, 24> kObjects = {
    "AGGREGATE", "ALGORITHM", "DATABASE", "DEFINER", "EVENT",     "EXTENSION",
    "FUNCTION",  "GLOBAL",    "INDEX",    "OR",      "PROCEDURE", "ROLE",
    "SCHEMA",    "SEQUENCE",  "SERVER",   "TABLE",   "TEMPORARY", "TRIGGER",
    "TYPE",      "UNIQUE",    "UNLOGGED", "USER",    "VIEW",      "DEFAULT"};

/// The n-th word from `at`, in capitals.
std::string word_at(std::string_view text, int n) {
  std::string word;
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      if (n-- == 0) return word;
      word.clear();
    }
  }
  return n == 0 ? word : "";
}

/// A statement that makes or fills something, or one for some versions of the server only. A dump
/// has one of these; a text that only begins with a word of SQL has none.
bool is_of_dump(std::string_view statement) {
  if (statement.starts_with("/*!") || statement.starts_with("/*M!")) return true;
  const std::string first = word_at(statement, 0);
  const std::string second = word_at(statement, 1);
  if (first == "INSERT" || first == "REPLACE")
    return second == "INTO" || word_at(statement, 2) == "INTO";
  if (first == "COPY") return statement.find(" FROM ") != std::string_view::npos;
  return (first == "CREATE" || first == "ALTER" || first == "DROP") &&
         std::find(kObjects.begin(), kObjects.end(), second) != kObjects.end();
}

bool has_dumped(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(';', at), line.size());
    const auto statement = line.substr(at, end - at);
    if (const auto first = statement.find_first_not_of(kBlank);
        first != std::string_view::npos && is_of_dump(statement.substr(first)))
      return true;
    at = end + 1;
  }
  return false;
}

bool ends_statement(std::string_view line) { return is_comment(line) || line.ends_with(';'); }

/// Works line by line, since dumps escape the newlines in data. A dump that begins with the first
/// line of a dialect must end with its last one. Dumps without comments (`--skip-comments`) restore
/// the settings that they saved at the beginning; without those either (`--compact`), there is no
/// end mark.
/// Such a dump must at least create or insert something.
class SqlText : public Inspector {
 public:
  void read(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      line_.append(part.substr(0, kLineStart - line_.size()));
      if (const auto last = part.find_last_not_of(kBlank); last != std::string_view::npos)
        last_character_ = part[last];
      if (end == std::string_view::npos) return;
      take_line();
      bytes.remove_prefix(end + 1);
    }
  }

  Completeness verdict() override {
    take_line();
    if (!broken_.empty()) return {Completeness::Kind::kIncomplete, broken_};
    if (!open_.empty())
      return incomplete("the last line that " + std::string(open_.back()->program) + " prints, '" +
                        std::string(open_.back()->last) + "', is missing");
    if (closed_) return {Completeness::Kind::kComplete, ""};
    if (saved_settings_ && last_line_.find("=@OLD_") == std::string::npos)
      return incomplete("the settings saved at its beginning are not restored at its end");
    if (saved_settings_) return {Completeness::Kind::kComplete, ""};
    if (!has_statement_) return incomplete("it contains no statement");
    if (last_character_ != ';' && !is_comment(last_line_) && !last_line_.starts_with("\\"))
      return incomplete("it ends in the middle of a statement");
    if (!has_dumped_) return incomplete("it creates nothing and inserts nothing, as a dump does");
    return {Completeness::Kind::kUnknown, "it has no end marker"};
  }

 private:
  static Completeness incomplete(const std::string& why) {
    return {Completeness::Kind::kIncomplete, why};
  }
  void broken(const std::string& why, std::string_view line) {
    if (broken_.empty()) broken_ = why + " ('" + printable(line.substr(0, kShown)) + "')";
  }

  void take_line() {
    const bool has_mark = last_line_.empty() && line_.starts_with(kByteOrderMark);
    const std::string line = trim(line_.substr(has_mark ? kByteOrderMark.size() : 0));
    line_.clear();
    if (line.empty()) return;
    const auto starts_with = [&](std::string_view text) { return line.starts_with(text); };
    if (std::any_of(kErrors.begin(), kErrors.end(), starts_with))
      broken("it contains an error message", line);
    if (!close(line)) open(line);
    if (starts_with("/*") && line.find(" @OLD_") != std::string::npos) saved_settings_ = true;
    if (open_.empty() && (closed_ ? ends_statement(last_line_) : last_line_.empty()) &&
        !is_sql(line))
      broken(closed_ ? "there is unexpected data after its end" : "it does not begin with SQL",
             line);
    has_dumped_ = has_dumped_ || has_dumped(line);
    has_statement_ = has_statement_ || !is_comment(line) || line.ends_with(';');
    last_line_ = line;
  }

  bool close(const std::string& line) {
    if (open_.empty() || !line.starts_with(open_.back()->last)) return false;
    open_.pop_back();
    closed_ = true;
    return true;
  }

  void open(const std::string& line) {
    for (const auto& dialect : kDialects) {
      const bool goes_on = dialect.first.ends_with(' ');
      if (goes_on ? !line.starts_with(dialect.first) : line != dialect.first) continue;
      // The output of pg_dumpall contains that of pg_dump. Elsewhere, a line like this may be data.
      const bool inside = !open_.empty();
      if (inside && goes_on && open_.back()->last == dialect.last)
        broken("another dump begins before the end of the first", line);
      if (!inside || (open_.back() == &kDialects[2] && &dialect == &kDialects[3]))
        open_.push_back(&dialect);
    }
  }

  std::string line_;       // the beginning of the current line
  std::string last_line_;  // the last line that was not blank
  char last_character_ = ' ';
  std::vector<const Dialect*> open_;
  bool closed_ = false;
  bool has_statement_ = false;
  bool has_dumped_ = false;
  bool saved_settings_ = false;
  std::string broken_;
};

}  // namespace

std::unique_ptr<Inspector> make_sql_text_inspector() { return std::make_unique<SqlText>(); }

}  // namespace backups
