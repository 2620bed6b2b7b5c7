#include <algorithm>
#include <cstdint>

#include "inspect/formats.hpp"

namespace backups {
namespace {

constexpr std::size_t kDatabaseHead = 100;

/// https://sqlite.org/fileformat2.html, section 1.3. Versions before 3.7.0 do not maintain the page
/// count in the header; it is ignored if "version-valid-for" differs from the change counter.
class SqliteFile : public Inspector {
 public:
  void read(std::string_view bytes) override {
    if (head_.size() < kDatabaseHead) head_ += bytes.substr(0, kDatabaseHead - head_.size());
    size_ += bytes.size();
  }

  Completeness verdict() override {
    using namespace std::string_literals;
    if (!head_.starts_with("SQLite format 3\0"s)) return incomplete("it is not a SQLite database");
    if (head_.size() < kDatabaseHead) return incomplete("it is truncated in its header");
    const std::uint64_t page = number(16, 2) == 1 ? 65536 : number(16, 2);
    if (page < 512 || (page & (page - 1)) != 0)
      return incomplete("its page size is " + std::to_string(page));
    const std::uint64_t pages = number(28, 4);
    const bool counted = pages > 0 && number(24, 4) == number(92, 4);
    if (size_ % page != 0 || (counted && size_ < pages * page))
      return incomplete("it has " + std::to_string(size_) + " bytes" +
                        (counted ? " instead of " + std::to_string(pages) + " pages"
                                 : ", not a whole number of pages") +
                        " of " + std::to_string(page));
    if (!counted) return {Completeness::Kind::kUnknown, "it does not say how many pages it has"};
    return {Completeness::Kind::kComplete, ""};
  }

 private:
  static Completeness incomplete(const std::string& why) {
    return {Completeness::Kind::kIncomplete, why};
  }

  std::uint64_t number(std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    for (const char c : std::string_view(head_).substr(at, size))
      value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  std::string head_;
  std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<Inspector> make_sqlite_file_inspector() { return std::make_unique<SqliteFile>(); }

}  // namespace backups
