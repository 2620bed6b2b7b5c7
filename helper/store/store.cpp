#include "store/store.hpp"

#include <vector>

#include "base/error.hpp"
#include "sys/file.hpp"

namespace backups {

void Store::put_file(const std::string& key, const std::filesystem::path& file) {
  const auto fd = open_to_read(file);
  if (!fd) throw Error(ErrorKind::kNotFound, "there is no file " + file.string());
  const auto sink = put(key);
  std::vector<char> buffer(1024 * 1024);
  while (const std::size_t got = read_some(fd->get(), buffer.data(), buffer.size(), file.string()))
    sink->write({buffer.data(), got});
  sink->finish();
}

}  // namespace backups
