#include <algorithm>
#include <array>
#include <cstdlib>

#include "input.hpp"
#include "inspect/inspector.hpp"

using namespace backups;

namespace {

Completeness inspect(const char* name, std::string_view dump, std::size_t piece) {
  const auto inspector = make_inspector(name);
  for (; !dump.empty(); dump.remove_prefix(std::min(piece, dump.size())))
    inspector->read(dump.substr(0, piece));
  return inspector->verdict();
}

}  // namespace

/// The first byte chooses. However the bytes are cut into pieces, the verdict is the same.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kNames = {"pg_dump-custom", "globals", "sql-dump", "rdb", "tar", "sqlite"};
  if (size == 0) return -1;
  const char* name = kNames[data[0] % kNames.size()];
  const std::string dump = fuzz::text_of(data + 1, size - 1);
  const Completeness whole = inspect(name, dump, dump.size() + 1);
  const Completeness pieces = inspect(name, dump, 3);
  if (whole.kind != pieces.kind || whole.why != pieces.why) std::abort();
  if ((whole.kind == Completeness::Kind::kComplete) != whole.why.empty()) std::abort();
  return 0;
}
