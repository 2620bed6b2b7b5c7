#include "cli/scope.hpp"

#include "base/error.hpp"
#include "lifecycle/lifecycle.hpp"

namespace backups {

bool is_own_app(Call& call, const std::string& word) {
  try {
    linked_sources(call.state.hooks, call.state.paths, call.resolver.app(word));
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    return false;
  }
}

std::string scope_of(Call& call, const std::string& word) {
  if (!word.starts_with(kAppScope)) return call.resolver.known_source(word).text();
  const std::string app = call.resolver.app(word.substr(std::string(kAppScope).size()));
  linked_sources(call.state.hooks, call.state.paths, app);  // throws if the app does not exist
  return kAppScope + app;
}

}  // namespace backups
