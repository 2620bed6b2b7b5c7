#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "inspect/formats.hpp"

namespace backups {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kSparseGoesOnAt =
    482;  // GNU sparse files (type S): another block of the sparse map follows
constexpr std::size_t kMapGoesOnAt = 504;           // in such a block: a further one follows
constexpr std::uint64_t kLargestPax = 1024 * 1024;  // larger pax headers are skipped

/// Parses a number in a header: octal digits or, if the top bit of the first byte is set, a binary
/// number with the highest byte first (GNU). Nothing if it is neither, or negative.
std::optional<std::uint64_t> number(std::string_view field) {
  if ((static_cast<unsigned char>(field[0]) & 0x80) != 0) {
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x7F;
    for (const char c : field.substr(1)) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  std::uint64_t value = 0;
  for (const char c : trim(field.substr(0, field.find('\0')))) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool checksum_fits(std::string_view head) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += i >= kChecksumAt && i < kChecksumAt + 8 ? ' ' : static_cast<unsigned char>(head[i]);
  return number(head.substr(kChecksumAt, 8)) == sum;
}

/// The value of "size" in a pax header, whose records are "<length> <key>=<value>" and a
/// line feed.
std::optional<std::uint64_t> pax_size(std::string_view records) {
  std::optional<std::uint64_t> size;
  while (!records.empty()) {
    const auto blank = records.find(' ');
    const auto length = parse_number(records.substr(0, blank));
    if (!length || *length <= 0 || static_cast<std::size_t>(*length) > records.size() ||
        static_cast<std::size_t>(*length) < blank + 2)
      return size;
    const std::string_view record =
        records.substr(blank + 1, static_cast<std::size_t>(*length) - blank - 2);
    records.remove_prefix(static_cast<std::size_t>(*length));
    if (!record.starts_with("size=")) continue;
    if (const auto parsed = parse_number(record.substr(5)); parsed && *parsed >= 0)
      size = static_cast<std::uint64_t>(*parsed);
  }
  return size;
}

/// Reads pax (POSIX.1-2001), ustar and GNU tar: headers of one block, each followed by the data of
/// its member, and a block of zeros at the end. A member may contain such blocks, so headers are
/// followed.
class Tar : public Inspector {
 public:
  void read(std::string_view bytes) override {
    while (!bytes.empty() && !ended_ && broken_.empty()) {
      if (skip_ > 0) {
        const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
        skip_ -= skipped;
        bytes.remove_prefix(skipped);
        continue;
      }
      const std::size_t taken = std::min<std::size_t>(want_ - block_.size(), bytes.size());
      block_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (block_.size() < want_) return;
      step();
      block_.clear();
    }
  }

  Completeness verdict() override {
    if (!broken_.empty()) return {Completeness::Kind::kIncomplete, broken_};
    if (!ended_)
      return {Completeness::Kind::kIncomplete,
              "it is truncated: the end-of-archive marker is missing"};
    return {Completeness::Kind::kComplete, ""};
  }

 private:
  enum class At { kHead, kPax, kMap };

  void step() {
    switch (at_) {
      case At::kHead:
        return read_head();
      case At::kPax:
        size_ = pax_size(std::string_view(block_).substr(0, pax_length_));
        return expect(At::kHead, kBlock);
      case At::kMap:
        return read_map();
    }
  }

  void expect(At at, std::size_t size) {
    at_ = at;
    want_ = size;
  }

  void read_head() {
    if (block_.find_first_not_of('\0') == std::string::npos) {
      ended_ = true;
      return;
    }
    if (!checksum_fits(block_)) {
      broken_ = members_ == 0 ? "it is not a tar archive"
                              : "it is damaged after member " + std::to_string(members_);
      return;
    }
    ++members_;
    const char type = block_[kTypeAt];
    const std::uint64_t size = number(std::string_view(block_).substr(kSizeAt, 12)).value_or(0);
    if (type == 'x' && size > 0 && size <= kLargestPax) {
      pax_length_ = size;
      return expect(At::kPax, (size + kBlock - 1) / kBlock * kBlock);
    }
    begin_data(type, size);
  }

  /// The size of a hard link does not mean that data follows it.
  void begin_data(char type, std::uint64_t size) {
    // A long name (GNU) may be between a pax header and its member.
    const bool is_member = type != 'L' && type != 'K' && type != 'g';
    if (is_member && size_) size = *std::exchange(size_, std::nullopt);
    data_ = type == '1' ? 0 : size / kBlock * kBlock + (size % kBlock == 0 ? 0 : kBlock);
    if (type == 'S' && block_[kSparseGoesOnAt] != 0) return expect(At::kMap, kBlock);
    skip_ = data_;
  }

  void read_map() {
    if (block_[kMapGoesOnAt] != 0) return;
    expect(At::kHead, kBlock);
    skip_ = data_;
  }

  At at_ = At::kHead;
  std::string block_;
  std::size_t want_ = kBlock;
  std::uint64_t skip_ = 0;
  std::uint64_t data_ = 0;             // of the member whose sparse map is being read
  std::uint64_t pax_length_ = 0;       // of the pax header, without padding
  std::optional<std::uint64_t> size_;  // of the next member, if a pax header gave it
  std::uint64_t members_ = 0;
  bool ended_ = false;
  std::string broken_;
};

}  // namespace

std::unique_ptr<Inspector> make_tar_inspector() { return std::make_unique<Tar>(); }

}  // namespace backups
