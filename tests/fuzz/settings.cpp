#include "model/settings.hpp"

#include <cstdlib>

#include "input.hpp"

using namespace backups;

/// What is accepted is written as text that is accepted, and means the same.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::may_refuse([&] {
    const std::string text = Settings::parse(fuzz::text_of(data, size)).to_text();
    if (Settings::parse(text).to_text() != text) std::abort();
  });
  return 0;
}
