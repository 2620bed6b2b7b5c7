#include <functional>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "lifecycle/lifecycle.hpp"

namespace backups {
namespace {

/// What the scripts in triggers/ call; the words are Dokku's.
struct PluginTrigger {
  std::size_t words;
  std::function<void(State&, const std::vector<std::string>&)> run;
};

Source service(const std::vector<std::string>& words) {
  if (const auto source = make_source(words[0], words[1], "")) return *source;
  throw Error(ErrorKind::kBadInput,
              "'" + printable(words[0] + ":" + words[1]) + "' is not a service");
}

const std::map<std::string, PluginTrigger>& triggers() {
  using Words = const std::vector<std::string>&;
  static const std::map<std::string, PluginTrigger> kTriggers = {
      {"before-deploy",
       {2,
        [](State& state, Words words) {
          before_deploy(state, words[0], words[1] == "runs", make_progress());
        }}},
      {"before-destroy",
       {2,
        [](State& state, Words words) { before_destroy(state, service(words), make_progress()); }}},
      {"after-destroy",
       {2,
        [](State& state, Words words) {
          after_destroy(state.settings, state.catalog.open(), state.events, service(words));
        }}},
      {"after-create",
       {2, [](State& state, Words words) { after_create(state.settings, service(words)); }}},
      {"app-renamed",
       {2, [](State& state, Words words) { app_renamed(state.settings, words[0], words[1]); }}},
      {"app-cloned",
       {2, [](State& state, Words words) { app_cloned(state.settings, words[0], words[1]); }}},
      {"app-destroyed",
       {1, [](State& state, Words words) { app_destroyed(state.settings, words[0]); }}},
  };
  return kTriggers;
}

int trigger(Call& call) {
  const auto found = triggers().find(call.word(0));
  const std::vector<std::string> words(call.options.words().begin() + 1,
                                       call.options.words().end());
  if (found == triggers().end() || found->second.words != words.size())
    throw Error(ErrorKind::kBadInput,
                "no trigger '" + printable(join(call.options.words(), " ")) + "'");
  found->second.run(call.state, words);
  return 0;
}

}  // namespace

Verb trigger_verb() {
  Verb verb{
      "trigger", "<what> <word>...", "handle an event of Dokku; its triggers call this", {2, 3}, {},
      trigger};
  verb.internal = true;
  return verb;
}

}  // namespace backups
