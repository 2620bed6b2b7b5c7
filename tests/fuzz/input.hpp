#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.hpp"

/// What libFuzzer calls with each input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace backups::fuzz {

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Error is a proper answer to anything; whatever else is thrown ends the fuzzer.
inline void may_refuse(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error&) {
    return;
  }
}

}  // namespace backups::fuzz
