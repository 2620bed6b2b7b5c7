#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.hpp"
#include "inspect/formats.hpp"

namespace backups {
namespace {

constexpr std::size_t kRdbHead = 9;  // "REDIS" and four digits, or "VALKEY" and three
constexpr int kNewestRedis = 12;     // Redis 7.4 to 8
constexpr int kNewestValkey = 80;    // Valkey 9
constexpr int kFirstWithChecksum = 5;
constexpr char kEnd = '\xFF';            // the opcode before the checksum
constexpr std::size_t kChecksum = 8;     // bytes
constexpr std::size_t kStreamMark = 40;  // the replication mark that `redis-cli --rdb -` appends

using Table = std::array<std::uint64_t, 256>;

/// The CRC-64 of Jones, as in Redis's crc64.c: reflected, initial value 0, no final XOR.
constexpr std::uint64_t kPolynomial = 0x95AC9329AC4BC9B5;

constexpr Table make_table() {
  Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::uint64_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

/// tables[n][b] is the CRC of byte b followed by n zero bytes, so that eight bytes are processed at
/// once.
constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{make_table()};
  for (std::size_t n = 1; n < tables.size(); ++n)
    for (std::size_t i = 0; i < 256; ++i)
      tables[n][i] = tables[n - 1][i] >> 8 ^ tables[0][tables[n - 1][i] & 255];
  return tables;
}

constexpr auto kTables = make_tables();

std::uint64_t little_endian(const char* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

std::uint64_t add_to_crc(std::uint64_t crc, std::string_view bytes) {
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    const std::uint64_t word = crc ^ little_endian(bytes.data());
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][word >> (8 * i) & 255];
  }
  for (const char c : bytes)
    crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<unsigned char>(c)) & 255];
  return crc;
}

/// Follows Redis's rdb.c: a header, opcodes, the end opcode and, since version 5, a checksum of
/// everything before it. The checksum is 0 if the server was configured to write none.
class Rdb : public Inspector {
 public:
  void read(std::string_view bytes) override {
    if (head_.size() < kRdbHead) head_ += bytes.substr(0, kRdbHead - head_.size());
    tail_ += bytes;
    if (tail_.size() <= kTail) return;
    const std::size_t hashed = tail_.size() - kTail;
    crc_ = add_to_crc(crc_, std::string_view(tail_).substr(0, hashed));
    tail_.erase(0, hashed);
  }

  Completeness verdict() override {
    const bool redis = head_.starts_with("REDIS");
    const auto version = parse_number(head_.substr(std::min(head_.size(), redis ? 5UL : 6UL)));
    if (head_.size() < kRdbHead || !(redis || head_.starts_with("VALKEY")) || !version)
      return {Completeness::Kind::kIncomplete, "it is not a dump of Redis"};
    if (redis && *version < kFirstWithChecksum)
      return tail_.ends_with(kEnd)
                 ? complete()
                 : incomplete("it is truncated: the end marker of a Redis dump is missing");
    if (has_valid_end(tail_) ||
        (tail_.size() > kStreamMark && has_valid_end(tail_.substr(0, tail_.size() - kStreamMark))))
      return complete();
    if (*version > (redis ? kNewestRedis : kNewestValkey))
      return {Completeness::Kind::kUnknown,
              "its version " + std::to_string(*version) + " is newer than this version supports"};
    return incomplete(
        "it is truncated or damaged: the checksum at its end does not match its content");
  }

 private:
  static constexpr std::size_t kTail = kStreamMark + kChecksum + 1;

  static Completeness complete() { return {Completeness::Kind::kComplete, ""}; }
  static Completeness incomplete(const std::string& why) {
    return {Completeness::Kind::kIncomplete, why};
  }

  /// `rest` are the bytes that are not in `crc_` yet.
  bool has_valid_end(std::string_view rest) const {
    if (rest.size() <= kChecksum) return false;
    const std::string_view content = rest.substr(0, rest.size() - kChecksum);
    const std::uint64_t checksum = little_endian(rest.data() + content.size());
    return content.ends_with(kEnd) && (checksum == 0 || checksum == add_to_crc(crc_, content));
  }

  std::string head_;
  std::string tail_;
  std::uint64_t crc_ = 0;  // of everything before tail_
};

}  // namespace

std::unique_ptr<Inspector> make_rdb_inspector() { return std::make_unique<Rdb>(); }

}  // namespace backups
