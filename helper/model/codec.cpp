#include "model/codec.hpp"

#include <array>

#include "base/text.hpp"

namespace backups {
namespace {

struct CodecRow {
  Codec::Kind kind;
  const char* name;
  const char* suffix;
  const char* reader;
  int default_level;
  int highest_level;
};

constexpr std::array<CodecRow, 3> kCodecs = {{
    {Codec::Kind::kNone, "none", "", "cat", 0, 0},
    {Codec::Kind::kGzip, "gzip", ".gz", "gzip -dc", 6, 9},
    {Codec::Kind::kZstd, "zstd", ".zst", "zstd -dc", 3, 19},
}};

const CodecRow& row(Codec::Kind kind) { return kCodecs[static_cast<std::size_t>(kind)]; }

}  // namespace

std::optional<Codec> parse_codec(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = codec_kind(text.substr(0, colon));
  if (!kind) return std::nullopt;
  if (colon == std::string_view::npos) return Codec{*kind, row(*kind).default_level};
  const auto level = parse_number(text.substr(colon + 1));
  if (!level || *level < 1 || *level > row(*kind).highest_level) return std::nullopt;
  return Codec{*kind, static_cast<int>(*level)};
}

std::string codec_name(Codec::Kind kind) { return row(kind).name; }

std::optional<Codec::Kind> codec_kind(std::string_view name) {
  for (const auto& codec : kCodecs)
    if (name == codec.name) return codec.kind;
  return std::nullopt;
}

std::string codec_suffix(Codec::Kind kind) { return row(kind).suffix; }

std::string codec_reader(Codec::Kind kind, const std::string& file) {
  return row(kind).reader + (file.empty() ? "" : " " + shell_quote(file));
}

}  // namespace backups
