#include "hook/hook_log.hpp"
#include "input.hpp"

using namespace backups;

/// What a hook says on descriptor 3 and on stderr.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HookLog log{{}};
  const std::string text = fuzz::text_of(data, size);
  log.add_message(text);
  log.add_line(text);
  log.add_message(text);
  (void)log.detail();
  return 0;
}
