#include "hook/source_type.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"
#include "model/source.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

namespace fs = std::filesystem;
using PlainJson = nlohmann::json;

constexpr const char* kLibrary = "lib";  // what types share; no type itself
constexpr const char* kFile = "type.json";
constexpr const char* kPlaceholder = "<type>";
constexpr std::uintmax_t kLargestFile = 16 * 1024;
constexpr std::size_t kLongestTitle = 60;
constexpr std::size_t kLongestKind = 60;

template <typename T>
struct Word {
  const char* word;
  T value;
};

using Address = SourceType::Address;
using Promise = SourceType::Promise;
constexpr std::array<Word<Address>, 6> kAddresses = {{{"service", Address::kService},
                                                      {"app-path", Address::kAppPath},
                                                      {"path", Address::kPath},
                                                      {"container", Address::kContainer},
                                                      {"app", Address::kApp},
                                                      {"host", Address::kHost}}};
constexpr std::array<Word<Promise>, 2> kPromises = {
    {{"beside", Promise::kBeside}, {"replace", Promise::kReplace}}};

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorKind::kFailed, what); }

template <typename T, std::size_t N>
T parse_word(const PlainJson& json, const char* key, const std::array<Word<T>, N>& words) {
  const std::string found = json.at(key);
  for (const auto& known : words)
    if (found == known.word) return known.value;
  std::vector<std::string> all;
  for (const auto& known : words) all.push_back(known.word);
  fail("`" + std::string(key) + "` is " + in_quotes(found) + ", not one of " + join(all, ", "));
}

bool valid_kind(const std::string& kind) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !kind.empty() && kind.size() <= kLongestKind && std::all_of(kind.begin(), kind.end(), ok);
}

std::vector<std::string> parse_kinds(const PlainJson& json, const std::string& type) {
  std::vector<std::string> kinds;
  for (std::string kind : json.at("kinds").get<std::vector<std::string>>()) {
    if (const auto at = kind.find(kPlaceholder); at != std::string::npos)
      kind.replace(at, std::string(kPlaceholder).size(), type);
    if (!valid_kind(kind)) fail("`kinds` contains " + in_quotes(kind));
    kinds.push_back(std::move(kind));
  }
  if (kinds.empty()) fail("`kinds` is empty");
  return kinds;
}

}  // namespace

fs::path HookSet::path(const Hooks& installed) const {
  if (!directory.empty()) return installed.directory / directory;
  const bool has_own =
      valid_type(type) && type != kLibrary && fs::is_directory(installed.directory / type);
  return installed.directory / (has_own ? type : kFallbackHooks);
}

fs::path HookSet::action(const Hooks& installed, const std::string& action) const {
  const fs::path own = path(installed) / action;
  const fs::path shared = installed.directory / kDefaultActions / action;
  return !fs::exists(own) && fs::exists(shared) ? shared : own;
}

bool SourceType::takes_path() const {
  return address == Address::kAppPath || address == Address::kPath;
}

bool SourceType::is_ruled_by_dokku(const std::string& at) const {
  if (address == Address::kService || address == Address::kApp) return true;
  const auto slash = at.find('/');
  return address == Address::kAppPath && slash != std::string::npos &&
         valid_name(at.substr(0, slash));
}

bool SourceType::accepts(const std::string& kind) const {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

SourceType parse_source_type(const std::string& text, const std::string& type) {
  static const std::set<std::string> known = {"title", "address", "kinds", "promise"};
  if (!is_shallow(text)) fail("it is nested too deeply");
  try {
    const PlainJson json = PlainJson::parse(text);
    if (!json.is_object()) fail("it is not a JSON object");
    for (const auto& [key, value] : json.items())
      if (!known.contains(key)) fail("it has the unknown member " + in_quotes(key));
    SourceType read;
    read.title = json.at("title");
    if (read.title.empty() || read.title.size() > kLongestTitle ||
        printable(read.title) != read.title)
      fail("`title` is not a name of 1 to " + std::to_string(kLongestTitle) + " characters");
    read.address = parse_word(json, "address", kAddresses);
    read.kinds = parse_kinds(json, type);
    read.promise = parse_word(json, "promise", kPromises);
    return read;
  } catch (const PlainJson::exception& error) {
    fail(error.what());
  }
}

SourceType source_type(const Hooks& installed, const HookSet& hooks) {
  const fs::path file = hooks.path(installed) / kFile;
  try {
    if (!fs::is_regular_file(file)) fail("the file does not exist");
    if (fs::file_size(file) > kLargestFile) fail("it is too large");
    return parse_source_type(read_file(file).value_or(""), hooks.type);
  } catch (const std::exception& error) {
    fail("the hooks for " + hooks.type + " cannot be used: " + file.string() +
         " is damaged: " + error.what());
  }
}

std::vector<std::string> hook_directories(const Hooks& installed) {
  auto found = list_directory(installed.directory);
  std::erase_if(found, [&](const auto& name) {
    return name == kLibrary || !fs::is_directory(installed.directory / name);
  });
  std::sort(found.begin(), found.end());
  return found;
}

HookSet hooks_for(const Hooks& installed, const std::string& type,
                  const std::vector<std::string>& kinds) {
  const HookSet own(type);
  const SourceType described = source_type(installed, own);
  const auto takes_all = [&](const SourceType& candidate) {
    return std::all_of(kinds.begin(), kinds.end(),
                       [&](const auto& kind) { return candidate.accepts(kind); });
  };
  if (takes_all(described)) return own;
  const HookSet fallback(type, kFallbackHooks);
  if (fs::is_directory(fallback.path(installed)) && takes_all(source_type(installed, fallback)))
    return fallback;
  throw Error(ErrorKind::kRefused, "no hooks for " + type +
                                       " can restore this backup, whose kind is " +
                                       join(kinds, ", ") + "; those for " + described.title +
                                       " take " + join(described.kinds, ", "));
}

}  // namespace backups
