#include <functional>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "lifecycle/lifecycle.hpp"

namespace backups {
namespace {

/// Called by the scripts in triggers/, with Dokku's arguments.
struct PluginTrigger {
  std::size_t words;
  std::function<void(Call&, const std::vector<std::string>&)> run;
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
        [](Call& call, Words words) {
          before_deploy(call.state, words[0], words[1] == "runs", make_progress());
        }}},
      {"before-destroy",
       {2, [](Call& call,
              Words words) { before_destroy(call.state, service(words), make_progress()); }}},
      {"after-destroy",
       {2,
        [](Call& call, Words words) {
          after_destroy(call.state.settings, call.state.catalog.open(), call.state.events,
                        service(words));
        }}},
      {"after-create",
       {2, [](Call& call, Words words) { after_create(call.state.settings, service(words)); }}},
      {"app-renamed",
       {2, [](Call& call, Words words) { app_renamed(call.state.settings, words[0], words[1]); }}},
      {"app-cloned",
       {2, [](Call& call, Words words) { app_cloned(call.state.settings, words[0], words[1]); }}},
      {"app-destroyed",
       {1, [](Call& call, Words words) { app_destroyed(call.state.settings, words[0]); }}},
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
  found->second.run(call, words);
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
