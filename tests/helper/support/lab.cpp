#include "support/lab.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>

#include "backup/create.hpp"
#include "base/error.hpp"
#include "copies/verify.hpp"
#include "lifecycle/recover.hpp"
#include "notify/alert.hpp"
#include "notify/metrics.hpp"
#include "restore/restore.hpp"
#include "support/shell.hpp"

namespace backups::tests {
namespace {

constexpr const char* kHook = R"bash(#!/bin/bash
set -eo pipefail
[[ -d $BACKUPS_RUN_DIR ]] || exit 1
lab=${BASH_SOURCE[0]%/hooks/*}
action=$BACKUPS_ACTION
echo "$action${*:+ $*}" >>"$lab/calls"
[[ $1 != --again ]] || shift
late=
[[ $1 != --late ]] || { late=1; shift; }
in_place=
[[ $1 != --in-place ]] || { in_place=1; shift; }
name=$1 where=$3
live=$lab/live/$name
knob() { [[ ! -e $lab/knobs/$1 ]] || source "$lab/knobs/$1"; }
knob "$action"
knob "$action.$2"
case $action in
  list) ls "$lab/live" ;;
  describe) if [[ -e $live ]]; then cat "$lab/describe.json"; else echo '{"state":"missing"}'; fi ;;
  export) cat "$live/$2" ;;
  prepare) mkdir "$lab/data/$name.$2" ;;
  import)
    if [[ $in_place ]]; then
      cat >"$live/.new" && mv "$live/.new" "$live/$2"
    else
      cat >"$lab/data/$name.$3/$2"
    fi
    ;;
  commit)
    ln -s "$lab/data/$name.$2" "$lab/data/link.$2"
    mv -T "$lab/data/link.$2" "$live"
    knob commit.middle
    for old in "$lab/data/$name".*; do [[ $old == "$lab/data/$name.$2" ]] || rm -r "$old"; done
    ;;
  abandon)
    rm -f "$lab/data/link.$2"
    now=$(readlink "$live")
    for old in "$lab/data/$name".*; do [[ $old == "$now" ]] || rm -r "$old"; done
    ;;
esac
knob "$action.end"
)bash";

constexpr const char* kDescription = R"({
  "state": "running", "engine": "Fake", "version": "12.3", "image": "fake:12",
  "image_id": "sha256:0f", "identity": "4711", "size": 4000, "staging": 0, "place": "",
  "contents": ["two tables"],
  "artifacts": [
    {"name": "a", "kind": "fake-rows", "opens_with": "wc -l", "minimum_client": "12"},
    {"name": "b", "kind": "fake-roles", "auxiliary": true, "owner": "ann"}]
})";

}  // namespace

Lab::Lab() : Lab(fs::path()) {}

Lab::Lab(fs::path root) : root_(root.empty() ? path() / "state" : std::move(root)) {
  std::signal(SIGPIPE, SIG_IGN);  // as interrupt::install() does
  for (const char* name : {"live", "data", "knobs"}) fs::create_directory(path() / name);
  for (const char* action :
       {"list", "describe", "export", "prepare", "import", "commit", "abandon", "sweep"})
    add_hook("fake", action, kHook);
  describe_as(kDescription);
  set_live("one", {{"a", prose(10'000)}, {"b", "CREATE ROLE ann;\n"}});
  // The tests must not depend on the free space of the machine.
  spill(root_ / "settings.json",
        R"({"format":1,"host_id":"00c0ffee","properties":{"--global":{"disk-reserve":"0"}}})");
}

State Lab::open() const {
  return State(root_, hooks(), {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}});
}

void Lab::set_live(const std::string& name, const std::map<std::string, std::string>& artifacts) {
  const fs::path data = path() / "data" / (name + ".first");
  fs::remove_all(data);
  for (const auto& [artifact, content] : artifacts) spill(data / artifact, content);
  fs::remove(path() / "live" / name);
  fs::create_symlink(data, path() / "live" / name);
}

std::map<std::string, std::string> Lab::live(const std::string& name) const {
  std::map<std::string, std::string> found;
  const fs::path directory = path() / "live" / name;
  for (const auto& file : files_below(directory)) found[file] = slurp(directory / file);
  return found;
}

std::vector<std::string> Lab::places() const {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(path() / "data")) {
    const auto is_live = [&](const auto& link) {
      return fs::read_symlink(link.path()) == entry.path();
    };
    const fs::directory_iterator links(path() / "live");
    if (std::none_of(begin(links), end(links), is_live))
      found.push_back(entry.path().filename().string());
  }
  return found;
}

void Lab::describe_as(const std::string& json) { spill(path() / "describe.json", json); }
std::string Lab::description() const { return slurp(path() / "describe.json"); }

void Lab::at(const std::string& point, const std::string& bash) {
  spill(path() / "knobs" / point, bash + "\n");
}

void Lab::forget_knobs() {
  fs::remove_all(path() / "knobs");
  fs::create_directory(path() / "knobs");
}

std::vector<std::string> Lab::calls() const {
  auto lines = lines_of(slurp(path() / "calls"));
  for (auto& line : lines) {
    const auto space = line.rfind(' ');
    const std::string last = line.substr(space + 1);
    const bool is_place =
        last.size() == 8 && last.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (is_place) line = line.substr(0, space + 1) + "WHERE";
    if (line.starts_with("sweep ")) line = "sweep RUN";
  }
  return lines;
}

void Lab::forget_calls() { fs::remove(path() / "calls"); }

void Lab::set_type(const std::string& type, const std::string& address, const std::string& kinds,
                   const std::string& promise) {
  spill(hooks() / type / "type.json", R"({"title": "Of )" + type + R"(", "address": ")" + address +
                                          R"(", "kinds": [)" + kinds + R"(], "promise": ")" +
                                          promise + "\"}");
}

void Lab::add_hook(const std::string& type, const std::string& action, const std::string& bash) {
  if (!fs::exists(hooks() / type / "type.json"))
    set_type(type, "service", R"("<type>-rows", "<type>-roles", "<type>-sql", "<type>-export")");
  const fs::path hook = hooks() / type / action;
  spill(hook, bash);
  fs::permissions(hook, fs::perms::owner_all);
}

Manifest create(State& state, const Source& source, const Progress& progress) {
  const Lock lock = state.locks.acquire(source, "create");
  return create_backup(state, {source, Trigger::kManual, ""}, progress);
}

void restore(State& state, const std::string& id, const Source& into, bool in_place) {
  const RestoreRequest request{row_of(state, id), into, in_place, false};
  Restore restore(state, request, lock_for_restore(state, request));
  restore.verify({});
  restore.apply({});
}

void recover(State& state) {
  backups::recover(state, Reach::kHere);
  backups::recover(state, Reach::kEverywhere);
}

void subscribe(State& state) {
  const Alerts alerts(state.program, state.settings, state.identity, state.catalog);
  state.events.subscribe([alerts](const HostEvent& event) { alerts.handle_event(event); });
  const Metrics metrics(state.paths, state.settings, state.catalog);
  state.events.subscribe([metrics](const HostEvent& event) { metrics.handle_event(event); });
}

Remover remover(State& state) {
  return {state.paths, state.settings, state.identity, state.targets, state.catalog};
}

Manifest verify(State& state, const Backup& backup, const std::string& target) {
  return verify_backup(state.targets, state.catalog, state.events, backup, target, {});
}

std::vector<RetentionVerdict> evaluate(State& state, const Source& source) {
  return evaluate_retention(state.paths, state.settings, state.identity, state.catalog, source);
}

Backup row_of(State& state, const std::string& id) {
  const auto found = state.catalog.open().find(id);
  if (found.empty()) throw Error(ErrorKind::kNotFound, "the test has no backup " + id);
  return found.front();
}

void expect_sound(const Lab& lab) {
  using ::testing::IsEmpty;
  State state = lab.open();
  tests::recover(state);
  EXPECT_THAT(state.catalog.open().in_progress(), IsEmpty());
  EXPECT_THAT(state.catalog.open().unfinished_deletions(), IsEmpty());
  EXPECT_THAT(files_below(lab.root() / "run"), IsEmpty());
  EXPECT_THAT(lab.places(), IsEmpty());

  std::vector<std::string> expected;
  for (const auto& backup : state.catalog.open().list({})) {
    if (backup.status != BackupStatus::kSuccess) continue;
    try {
      const Manifest manifest = verify(state, backup);
      expected.push_back(backup.id + ".json");
      for (const auto& artifact : manifest.artifacts) expected.push_back(artifact.file);
    } catch (const Error& error) {
      ADD_FAILURE() << "a success that does not verify: " << error.what();
    }
  }
  const fs::path directory = lab.backups_of(Lab::source());
  if (fs::exists(directory))
    EXPECT_THAT(files_below(directory), ::testing::UnorderedElementsAreArray(expected));
}

}  // namespace backups::tests
