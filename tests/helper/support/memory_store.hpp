#pragma once

#include <map>
#include <memory>
#include <string>

#include "store/store.hpp"

namespace backups::tests {

/// A Store without a disk: the second implementation that shows what the contract is.
std::unique_ptr<Store> make_memory_store();

}  // namespace backups::tests
