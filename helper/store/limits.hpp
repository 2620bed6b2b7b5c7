#pragma once

#include <cstddef>

namespace backups {

// Limits on what a server can make this program read, store, repeat or wait for. Those of a single
// response are in sys/http.hpp. helper/FORMAT.md lists all of them.

constexpr int kMaxXmlDepth = 32;                ///< levels; the documents of S3 have four
constexpr std::size_t kMaxPages = 10'000;       ///< of one list
constexpr std::size_t kMaxListed = 5'000'000;   ///< objects or uploads of one list
constexpr std::size_t kMaxListBytes = 1 << 30;  ///< of all responses of one list
constexpr int kLongestList = 3'600;             ///< seconds
constexpr double kLongestPause = 120;           ///< seconds; a longer Retry-After is not waited for
constexpr double kHurriedPause = 5;             ///< seconds, if a person or other work is waiting
constexpr double kLongestPauses = 900;          ///< seconds, all pauses of one request together

}  // namespace backups
