#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/text.hpp"
#include "input.hpp"
#include "store/s3/pages.hpp"

using namespace backups;

namespace {

/// The input's lines are the server's pages, over and over again.
template <typename Item>
void read(const std::vector<std::string>& answers,
          std::optional<S3Page<Item>> (*reader)(const std::string& xml)) {
  constexpr const char* kPrefix = "host/";
  std::size_t asked = 0;
  const auto ask = [&](const Fields&) { return answers[asked++ % answers.size()]; };
  const auto fail = [](const std::string& why) { throw Error(ErrorKind::kUnreachable, why); };
  fuzz::may_refuse([&] {
    for (const auto& item : read_pages<Item>({ask, reader, fail}, kPrefix))
      if (!item.key.starts_with(kPrefix)) std::abort();
  });
  // A page that comes again names the page after it again.
  if (asked > answers.size() + 1) std::abort();
}

}  // namespace

/// Whatever pages a server answers with, its list ends, with nothing in it that was not asked for.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answers = split(fuzz::text_of(data, size), '\n');
  read(answers, read_objects);
  read(answers, read_uploads);
  return 0;
}
