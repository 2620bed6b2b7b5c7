#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace backups {

/// How an artifact is compressed.
struct Codec {
  enum class Kind { kNone, kGzip, kZstd };
  Kind kind = Kind::kZstd;
  int level = 3;

  bool operator==(const Codec&) const = default;
};

/// "none", "gzip", "gzip:1" to "gzip:9", "zstd", "zstd:1" to "zstd:19".
std::optional<Codec> parse_codec(std::string_view text);

/// "none", "gzip", "zstd": as it stands in a manifest's stages.
std::string codec_name(Codec::Kind kind);
std::optional<Codec::Kind> codec_kind(std::string_view name);

/// "", ".gz", ".zst".
std::string codec_suffix(Codec::Kind kind);

/// The standard tool that undoes it, reading `file` to stdout: "zstd -dc my.dump.zst".
std::string codec_reader(Codec::Kind kind, const std::string& file);

}  // namespace backups
