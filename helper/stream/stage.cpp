#include "stream/stage.hpp"

#include <array>

#include "base/text.hpp"
#include "stream/gzip.hpp"
#include "stream/zstd.hpp"

namespace backups {
namespace {

constexpr std::array<Stage, 2> kStages = {{
    {"gzip", ".gz", "gzip -dc", 6, 9, make_gzip_compressor, make_gzip_decompressor},
    {"zstd", ".zst", "zstd -dc", 3, 19, make_zstd_compressor, make_zstd_decompressor},
}};

}  // namespace

const Stage* find_stage(std::string_view name) {
  for (const auto& stage : kStages)
    if (name == stage.name) return &stage;
  return nullptr;
}

std::optional<Encoding> parse_encoding(std::string_view text) {
  if (text == "none") return Encoding{};
  const auto colon = text.find(':');
  const Stage* stage = find_stage(text.substr(0, colon));
  if (stage == nullptr) return std::nullopt;
  if (colon == std::string_view::npos) return Encoding{{stage, stage->default_level}};
  const auto level = parse_number(text.substr(colon + 1));
  if (!level || *level < 1 || *level > stage->highest_level) return std::nullopt;
  return Encoding{{stage, static_cast<int>(*level)}};
}

Stages stages_of(const Encoding& encoding) {
  Stages stages;
  for (const auto& step : encoding) stages.push_back(step.stage);
  return stages;
}

std::string suffix_of(const Stages& stages) {
  std::string suffix;
  for (const Stage* stage : stages) suffix += stage->suffix;
  return suffix;
}

std::string reading_command(const Stages& stages, const std::string& file) {
  const std::string of = file.empty() ? "" : " " + shell_quote(file);
  if (stages.empty()) return of.empty() ? "" : "cat" + of;
  std::string command;
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage)
    command += command.empty() ? (*stage)->reader + of : std::string(" | ") + (*stage)->reader;
  return command;
}

}  // namespace backups
