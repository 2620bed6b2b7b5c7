#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>

#include "inspect/formats.hpp"

namespace backups {
namespace {

constexpr std::size_t kArchiveHead = 11;  // magic, version (3), size of int, size of offset, format
constexpr int kOldestArchive = 12;        // archive version 1.12: PostgreSQL 9.0
constexpr int kNewestArchive = 16;        // archive version 1.16: PostgreSQL 17 and 18
constexpr char kCustom = 1;
constexpr char kDirectory = 5;
constexpr unsigned char kNoData = 3;  // offset flag of an entry without data
constexpr unsigned char kData = 1;
constexpr unsigned char kBlobs = 3;

/// Follows pg_backup_archiver.c (ReadHead, ReadToc) and pg_backup_custom.c of PostgreSQL, since the
/// format is not documented: a header, a table of contents, then a block for each entry that has
/// data, in chunks that end with one of length 0. Nothing follows the last block, so only the table
/// of contents tells which one is the last. Chunks may be compressed and are not looked into.
class PgArchive : public Inspector {
 public:
  void read(std::string_view bytes) override {
    while (!bytes.empty() && verdict_.why.empty()) {
      if (skip_ > 0) {
        const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
        skip_ -= skipped;
        bytes.remove_prefix(skipped);
        continue;
      }
      const std::size_t taken = std::min(want_ - had_, bytes.size());
      std::copy_n(bytes.data(), taken, word_.data() + had_);
      had_ += taken;
      bytes.remove_prefix(taken);
      if (had_ < want_) return;
      had_ = 0;
      step();
    }
  }

  Completeness verdict() override {
    if (!verdict_.why.empty()) return verdict_;
    if (at_ == At::kHead) return incomplete("it is truncated in its header");
    if (at_ == At::kFields) return incomplete("it is truncated in its table of contents");
    if (at_ != At::kBlock || had_ > 0 || skip_ > 0)
      return incomplete("it is truncated in the data of entry " + std::to_string(block_));
    if (!awaited_.empty())
      return incomplete("the data of " + std::to_string(awaited_.size()) + " of " +
                        std::to_string(with_data_) + " entries are missing at its end");
    return {Completeness::Kind::kComplete, ""};
  }

 private:
  /// What the next word is; step() reads it.
  enum class At { kHead, kFields, kBlock, kBlockId, kChunk, kBlob };

  static Completeness incomplete(const std::string& why) {
    return {Completeness::Kind::kIncomplete, why};
  }
  void broken(const std::string& why) { verdict_ = incomplete(why); }

  void expect(At at, std::size_t size) {
    at_ = at;
    want_ = size;
  }
  void expect_integer(At at) { expect(at, 1 + int_size_); }

  void step() {
    switch (at_) {
      case At::kHead:
        return read_head();
      case At::kFields:
        return read_field();
      case At::kBlock:
        return read_block();
      case At::kBlockId:
        block_ = integer();
        return expect_integer(blobs_ ? At::kBlob : At::kChunk);
      case At::kBlob:  // the object's id, or 0 after the last one
        return integer() == 0 ? end_block() : expect_integer(At::kChunk);
      case At::kChunk:
        return read_chunk();
    }
  }

  void read_head() {
    const std::string_view head(word_.data(), kArchiveHead);
    const int minor = head[6];
    int_size_ = static_cast<unsigned char>(head[8]);
    offset_size_ = static_cast<unsigned char>(head[9]);
    if (!head.starts_with("PGDMP")) return broken("it is not an archive of pg_dump");
    if (head[5] != 1 || minor < kOldestArchive || minor > kNewestArchive || int_size_ < 4 ||
        int_size_ > 8) {
      verdict_.why = "its archive version is " + std::to_string(head[5]) + "." +
                     std::to_string(minor) + ", which this version does not support";
      return;
    }
    if (head[10] == kDirectory)
      return broken("it is the table of contents of a directory dump (-Fd), without the data");
    if (head[10] != kCustom) return broken("it is not in the custom format of pg_dump (-Fc)");
    // Compression, a date, three strings, and the number of entries.
    begin_fields(minor >= 15 ? "biiiiiiisssn" : "iiiiiiiisssn");
    // Ids, names and definitions; since 1.14 the access method, since 1.16 the kind of relation.
    entry_ =
        std::string("Iissssisssss") + (minor >= 14 ? "s" : "") + (minor >= 16 ? "i" : "") + "ssdo";
  }

  void begin_fields(const std::string& fields) {
    fields_ = fields;
    field_ = 0;
    expect_field();
  }

  void expect_field() {
    const char field = fields_[field_];
    expect(At::kFields, field == 'b' || field == 'o' ? 1 : 1 + int_size_);
  }

  /// The letters of a field: b byte, i integer, I id of the entry, s string, d strings up to a null
  /// one, o offset, n number of entries. A string is its length (-1 if null) and its bytes.
  void read_field() {
    const char field = fields_[field_];
    if (field == 'o') {
      skip_ = offset_size_;
      if (static_cast<unsigned char>(word_[0]) != kNoData) awaited_.insert(entry_id_);
    } else if (field != 'b') {
      const std::int64_t value = integer();
      if (field == 's' || field == 'd') skip_ = static_cast<std::uint64_t>(std::max(value, {}));
      if (field == 'd' && value >= 0) return;
      if (field == 'I') entry_id_ = value;
      if (field == 'n') entries_ = value;
    }
    if (++field_ < fields_.size()) return expect_field();
    if (entries_-- > 0) return begin_fields(entry_);
    with_data_ = awaited_.size();
    expect(At::kBlock, 1);
  }

  void read_block() {
    const auto type = static_cast<unsigned char>(word_[0]);
    if (type != kData && type != kBlobs)
      return broken("the data of entry " + std::to_string(block_) +
                    " is followed by something that is not a data block");
    blobs_ = type == kBlobs;
    expect_integer(At::kBlockId);
  }

  void read_chunk() {
    const std::int64_t size = integer();
    if (size < 0) return broken("the data of entry " + std::to_string(block_) + " are damaged");
    skip_ = static_cast<std::uint64_t>(size);
    if (size > 0) return;
    if (blobs_) return expect_integer(At::kBlob);
    end_block();
  }

  void end_block() {
    awaited_.erase(block_);
    expect(At::kBlock, 1);
  }

  /// An integer is a sign byte and the bytes of its absolute value, the lowest first.
  std::int64_t integer() const {
    std::uint64_t value = 0;
    for (std::size_t i = int_size_; i > 0; --i)
      value = value << 8 | static_cast<unsigned char>(word_[i]);
    const auto number = static_cast<std::int64_t>(value & INT64_MAX);
    return word_[0] != 0 ? -number : number;
  }

  Completeness verdict_;
  At at_ = At::kHead;
  std::array<char, kArchiveHead> word_{};
  std::size_t want_ = kArchiveHead;  // length of the next word
  std::size_t had_ = 0;
  std::uint64_t skip_ = 0;  // bytes to skip before the next word
  std::size_t int_size_ = 4;
  std::size_t offset_size_ = 8;

  std::string fields_;
  std::size_t field_ = 0;
  std::string entry_;          // the fields of an entry
  std::int64_t entries_ = 0;   // that remain in the table of contents
  std::int64_t entry_id_ = 0;  // of the current entry
  std::unordered_set<std::int64_t> awaited_;
  std::size_t with_data_ = 0;
  std::int64_t block_ = 0;
  bool blobs_ = false;
};

}  // namespace

std::unique_ptr<Inspector> make_pg_archive_inspector() { return std::make_unique<PgArchive>(); }

}  // namespace backups
