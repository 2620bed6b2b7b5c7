#include "hook/resolve.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/nearest.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "hook/description.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "stream/digest.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr const char* kLatest = "@latest";

/// Nothing where its type.json is damaged: that must not hide the sources of other types.
std::optional<SourceType> usable_type(const Hooks& installed, const std::string& type) {
  try {
    return source_type(installed, type);
  } catch (const Error& error) {
    log::warn(error.what());
    return std::nullopt;
  }
}

void add(std::vector<Source>& sources, Source source) {
  const auto same = [&](const Source& other) { return other.text() == source.text(); };
  if (std::none_of(sources.begin(), sources.end(), same)) sources.push_back(std::move(source));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (auto& line : split(text, '\n'))
    if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace

std::vector<Source> Resolver::live(const std::optional<std::string>& name) {
  std::vector<Source> found;
  const Run run(paths_, "list", {});
  HookLog log{{}};
  const auto add_address = [&](const std::string& type, const std::string& address) {
    if (auto source = make_source(type, address, sha256(address))) {
      if (!name || source->name == *name || source->address == *name)
        add(found, std::move(*source));
    }
  };
  for (const auto& type : hook_directories(hooks_)) {
    if (!has_hook(hooks_, type, "list")) continue;
    const auto read = usable_type(hooks_, type);
    if (!read) continue;
    const bool any = type == kFallbackHooks;
    for (const auto& line : lines_of(
             query_hook(hooks_, run, log, any ? "" : type, "list", {}, {}, kInteractiveTimeouts))) {
      if (line.find('/') != std::string::npos && !read->takes_path()) continue;
      const auto colon = line.find(':');
      if (!any) add_address(type, line);
      if (any && colon != std::string::npos)
        add_address(line.substr(0, colon), line.substr(colon + 1));
    }
  }
  return found;
}

namespace {

/// A manifest in a bucket may name any path: what has a copy on this disk was backed up here.
bool was_backed_up_here(Catalog& catalog, const Source& source) {
  Catalog::Filter filter;
  filter.source = source;
  for (const auto& backup : catalog.list(filter))
    for (const auto& copy : backup.copies)
      if (copy.target == kLocalTarget && copy.status != CopyStatus::kDeleted) return true;
  return false;
}

}  // namespace

std::vector<Source> Resolver::everything() {
  auto found = live(std::nullopt);
  std::vector<Source> remembered;
  for (const auto& schedule : settings_.read().schedules)
    add(schedule.paused.empty() ? found : remembered, schedule.source);
  for (const auto& source : catalog_.open().sources())
    if (was_backed_up_here(catalog_.open(), source)) add(remembered, source);
  found = allowed(found);
  bool answers = true;
  for (const auto& source : allowed(remembered)) {
    const std::size_t before = found.size();
    add(found, source);
    if (found.size() == before || !answers || is_there(source, answers)) continue;
    found.pop_back();
    log::detail(source.spelling() + " is skipped: it no longer exists, only its backups do");
  }
  return found;
}

/// What cannot be told is left to its backup. Once Docker hangs, nothing more is asked.
bool Resolver::is_there(const Source& source, bool& answers) {
  const Run run(paths_, "describe", source);
  HookLog log{{}};
  try {
    return describe(hooks_, run, log, source, kInteractiveTimeouts).exists();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    answers = error.kind() != ErrorKind::kFailed;
    return error.kind() != ErrorKind::kNotFound && error.kind() != ErrorKind::kBadInput;
  }
}

std::vector<Source> Resolver::allowed(const std::vector<Source>& sources) {
  if (!called_by_dokku() || sources.empty()) return sources;
  std::string question;
  for (const auto& source : sources) question += source.spelling() + "\n";
  const Run run(paths_, "authorize", {});
  HookLog log{{}};
  const auto answer =
      lines_of(query_hook(hooks_, run, log, "", "authorize", {}, question, kInteractiveTimeouts));
  const std::set<std::string> granted(answer.begin(), answer.end());
  std::vector<Source> kept;
  for (const auto& source : sources)
    if (granted.contains(source.spelling())) kept.push_back(source);
  return kept;
}

void Resolver::authorise_everything() {
  if (!called_by_dokku()) return;
  auto sources = catalog_.open().sources();
  for (auto& source : live(std::nullopt)) add(sources, std::move(source));
  // Nobody is granted what no rule covers, which must not withhold the rest from everybody.
  std::erase_if(sources, [&](const Source& source) {
    const auto type = usable_type(hooks_, source.type);
    return !type || !type->is_ruled_by_dokku(source.address);
  });
  if (allowed(sources).size() != sources.size())
    throw Error(
        ErrorKind::kUnauthorised,
        "this requires access to every source, which you do not have: ask the administrator of "
        "this host, or specify one of your own sources where the command takes one");
}

std::string Resolver::app(const std::string& word) {
  if (!valid_name(word))
    throw Error(ErrorKind::kBadInput, in_quotes(word) + " is not a valid name of an app");
  // An app is asked about as a source of that kind would be.
  if (allowed({{"app", word, word}}).empty())
    throw Error(ErrorKind::kUnauthorised, "you may not use app " + word);
  return word;
}

void Resolver::authorise(const Source& source) {
  if (allowed({source}).empty())
    throw Error(ErrorKind::kUnauthorised, "you may not use " + source.spelling());
}

Source Resolver::path_source(const std::string& type, const std::string& path) {
  std::string address = path;
  const SourceType read = source_type(hooks_, type);
  if (!read.takes_path())
    throw Error(ErrorKind::kBadInput, in_quotes(type + ":" + path) + " is not a source: " + type +
                                          " sources have names, not paths");
  if (called_by_dokku()) {
    if (read.address != SourceType::Address::kAppPath)
      throw Error(ErrorKind::kUnauthorised,
                  "a source of the type " + type + " can be used at a shell of the host only");
    if (!read.is_ruled_by_dokku(path))
      throw Error(ErrorKind::kBadInput,
                  "through dokku, a path is <app>/<path in one of its storage mounts>, not " +
                      in_quotes(path));
  } else {
    // What we may not see is left to the hook, which may.
    std::error_code unseen;
    const fs::path absolute = fs::absolute(path);
    const fs::path whole = fs::weakly_canonical(absolute, unseen);
    address = (unseen ? absolute.lexically_normal() : whole).string();
  }
  if (!is_utf8(address))  // at the end of a link that is
    throw Error(ErrorKind::kBadInput, "'" + printable(address) +
                                          "' is not valid UTF-8, which the catalog and the "
                                          "manifests require: rename it to back it up");
  const auto source = make_source(type, address, sha256(address));
  if (source && !path.ends_with('/')) return *source;
  throw Error(ErrorKind::kBadInput, in_quotes(type + ":" + path) + " is not a source");
}

Error Resolver::not_found(const std::string& word) {
  auto sources = catalog_.open().sources();
  for (auto& source : live(std::nullopt)) add(sources, std::move(source));
  const bool typed = word.find(':') != std::string::npos;
  std::map<std::string, std::string> spellings;
  std::vector<std::string> names;
  for (const auto& source : allowed(sources)) {
    names.push_back(typed ? source.spelling() : source.name);
    spellings[names.back()] = source.spelling();
  }
  const auto nearest = nearest_name(word, names);
  return {ErrorKind::kNotFound,
          "source " + in_quotes(word) + " not found" +
              (nearest ? ": did you mean " + printable(spellings[*nearest]) + "?"
               : typed ? ""
                       : "; use <type>:<name>, for example postgres:my-db")};
}

bool Resolver::is_known_source(const std::string& word) {
  try {
    known_source(word);
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    return false;
  }
}

Source Resolver::unauthorised_source(const std::string& word) {
  const auto colon = word.find(':');
  if (colon != std::string::npos) {
    const std::string type = word.substr(0, colon);
    const std::string address = word.substr(colon + 1);
    if (address.find('/') != std::string::npos) return path_source(type, address);
    // A path source may be called by its stored name.
    for (const auto& known : catalog_.open().sources(address))
      if (known.type == type) return known;
    if (const auto source = make_source(type, address, "")) return *source;
    throw Error(
        ErrorKind::kBadInput,
        in_quotes(word) + " is not a source: use <type>:<name>, for example postgres:my-db");
  }
  if (!valid_name(word))
    throw Error(ErrorKind::kBadInput, in_quotes(word) + " is not a valid name of a source");
  auto found = catalog_.open().sources(word);
  for (auto& source : live(word)) add(found, std::move(source));
  found = allowed(found);
  if (found.empty()) throw not_found(word);
  if (found.size() > 1) {
    std::vector<std::string> names;
    for (const auto& source : found) names.push_back(source.spelling());
    throw Error(ErrorKind::kBadInput, in_quotes(word) + " is ambiguous, it may be " +
                                          join(names, ", ") + ": specify one of them");
  }
  return found.front();
}

void Resolver::require_own_path(const Source& source, const std::string& word) {
  if (word.find('/') != std::string::npos || settings_.read().knows(source)) return;
  throw Error(
      ErrorKind::kRefused,
      "the path " + printable(source.address) +
          " was never used on this host and is only known from a backup: to use it, type it as " +
          printable(source.spelling()));
}

void Resolver::remember_path(const Source& source) {
  if (settings_.read().knows(source)) return;
  settings_.change([&](Settings& settings) { settings.paths.insert(source.spelling()); });
}

Source Resolver::source(const std::string& word) {
  Source source = unauthorised_source(word);
  authorise(source);
  return source;
}

Source Resolver::known_source(const std::string& word) {
  const Source found = source(word);
  const auto same = [&](const Source& other) { return other.text() == found.text(); };
  const auto known = catalog_.open().sources(found.name);
  if (std::any_of(known.begin(), known.end(), same)) return found;
  const Run run(paths_, "describe", found);
  HookLog log{{}};
  if (describe(hooks_, run, log, found, kInteractiveTimeouts).exists()) return found;
  throw not_found(word);
}

Backup Resolver::latest(const Source& source) {
  const auto found = catalog_.open().latest(source);
  const auto newer_excluded = catalog_.open().newer_excluded(source);
  std::string hint;
  if (newer_excluded && (!found || newer_excluded->sequence > found->sequence))
    hint = newer_excluded->id +
           (!newer_excluded->has_good_copy()  ? " has no good copy"
            : newer_excluded->suspect.empty() ? " was taken before the service was destroyed"
                                              : " is suspect") +
           ", and @latest does not select it: specify its id";
  if (!found)
    throw Error(ErrorKind::kNotFound, source.spelling() + " has no successful backup" +
                                          (hint.empty() ? "" : "; " + hint));
  if (!hint.empty()) log::warn("There is a newer backup: " + hint + " to use it");
  const auto before = catalog_.open().find(source.type, found->reference);
  if (before && before->has_good_copy())
    log::warn(found->id + " holds less than " + before->id +
              ", the last backup from before the change: specify that id to get the lost data, or, "
              "if the change is intended: " +
              command("accept") + " " + source.spelling());
  return *found;
}

Backup Resolver::backup(const std::string& word) {
  if (word.ends_with(kLatest)) {
    const Source of = source(word.substr(0, word.size() - std::string(kLatest).size()));
    return latest(of);
  }
  const auto colon = word.find(':');
  const std::string id = colon == std::string::npos ? word : word.substr(colon + 1);
  if (!parse_id(id))
    throw Error(ErrorKind::kBadInput,
                is_known_source(word)
                    ? in_quotes(word) + " is a source: for its latest backup, specify " +
                          printable(word) + kLatest
                    : in_quotes(word) + " is neither the id of a backup nor <source>" + kLatest);
  std::vector<Backup> found = catalog_.open().find(id);
  if (colon != std::string::npos)
    std::erase_if(found, [&](const Backup& b) { return b.source.type != word.substr(0, colon); });
  if (found.empty())
    throw Error(ErrorKind::kNotFound,
                "backup " + in_quotes(word) + " not found (see " + command("list") + ")");
  std::vector<Source> sources;
  for (const auto& backup : found) sources.push_back(backup.source);
  sources = allowed(sources);
  if (sources.empty()) throw Error(ErrorKind::kUnauthorised, "you may not use " + in_quotes(word));
  std::erase_if(found, [&](const Backup& backup) {
    return std::find(sources.begin(), sources.end(), backup.source) == sources.end();
  });
  if (found.size() > 1)
    throw Error(ErrorKind::kBadInput, in_quotes(word) + " is ambiguous: specify " +
                                          found[0].text() + " or " + found[1].text());
  return found.front();
}

}  // namespace backups
