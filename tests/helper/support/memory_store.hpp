#pragma once

#include <map>
#include <memory>
#include <string>

#include "store/store.hpp"

namespace backups::tests {

/// A Store in memory. As an implementation without files, it shows that the suite of the contract
/// does not assume any.
std::unique_ptr<Store> make_memory_store();

}  // namespace backups::tests
