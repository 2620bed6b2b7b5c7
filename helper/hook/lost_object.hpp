#pragma once

#include <string>
#include <vector>

namespace backups {

/// Something other than data that a restore could not put back, as the import hook reports it.
struct LostObject {
  /// kRebuildable: it can be re-created from the restored data, as an index. kGuarding: it
  /// protected the data, as a constraint or a row-level policy.
  enum class Kind { kRebuildable, kGuarding };

  std::string artifact;
  Kind kind = Kind::kGuarding;
  std::string code;     ///< the server's own (SQLSTATE)
  std::string object;   ///< as much of its definition as names it: "CREATE INDEX paid ON purchase"
  std::string message;  ///< the server's words
};

/// "shop: CREATE INDEX paid ON purchase: division by zero (22012)"
std::string to_text(const LostObject& lost);

bool any_guarding(const std::vector<LostObject>& lost);

}  // namespace backups
