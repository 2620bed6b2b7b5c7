#include "store/store.hpp"

#include <vector>

#include "base/error.hpp"
#include "sys/file.hpp"

namespace backups {

namespace {

void copy_file(const std::filesystem::path& file, Sink& sink) {
  const auto fd = open_to_read(file);
  if (!fd) throw Error(ErrorKind::kNotFound, "file " + file.string() + " not found");
  std::vector<char> buffer(1024 * 1024);
  while (const std::size_t got = read_some(fd->get(), buffer.data(), buffer.size(), file.string()))
    sink.write({buffer.data(), got});
  sink.finish();
}

}  // namespace

void Store::put_file(const std::string& key, const std::filesystem::path& file) {
  copy_file(file, *put(key));
}

void Store::put_new_file(const std::string& key, const std::filesystem::path& file) {
  copy_file(file, *put_new(key));
}

}  // namespace backups
