#include "store/local.hpp"

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr std::size_t kReadSize = 1024 * 1024;

class FileSink : public Sink {
 public:
  FileSink(const fs::path& path, bool create_only)
      : path_(path), create_only_(create_only), file_(path) {}
  void write(std::string_view bytes) override { file_.write(bytes); }
  void finish() override {
    // The writer holds the lock of the source, so no other process can come between these two
    // calls.
    if (create_only_ && fs::exists(fs::symlink_status(path_)))
      throw KeyTaken(path_.string() + " already exists");
    file_.commit();
  }

 private:
  const fs::path path_;
  const bool create_only_;
  AtomicFile file_;
};

class LocalStore : public Store {
 public:
  explicit LocalStore(fs::path root) : root_(std::move(root)) {}

  std::unique_ptr<Sink> put(const std::string& key, std::optional<std::uint64_t>) override {
    return make_sink(key, false);
  }
  std::unique_ptr<Sink> put_new(const std::string& key, std::optional<std::uint64_t>) override {
    return make_sink(key, true);
  }

  std::optional<Entry> find(const std::string& key) override {
    const fs::path path = path_of(key);
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return std::nullopt;
    return Entry{key, fs::file_size(path)};
  }

  bool get(const std::string& key, Sink& sink) override {
    const fs::path path = path_of(key);
    const auto fd = open_to_read(path);
    if (!fd) return false;
    ::posix_fadvise(fd->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    std::vector<char> buffer(kReadSize);
    while (const std::size_t got =
               read_some(fd->get(), buffer.data(), buffer.size(), path.string()))
      sink.write({buffer.data(), got});
    return true;
  }

  std::vector<Entry> list(const std::string& prefix) override {
    std::vector<Entry> entries;
    for (const auto& name : list_directory(prefix.empty() ? root_ : path_of(prefix))) {
      const std::string key = prefix.empty() ? name : prefix + "/" + name;
      if (name[0] == '.') continue;
      std::error_code error;
      const auto status = fs::status(root_ / key, error);
      if (fs::is_directory(status)) {
        for (auto& entry : list(key)) entries.push_back(std::move(entry));
      } else if (fs::is_regular_file(status)) {
        entries.push_back({key, fs::file_size(root_ / key, error)});
      }
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.key < b.key; });
    return entries;
  }

  void remove(const std::string& key) override { remove_durably(path_of(key)); }

  void abandon(const std::string& key) override {
    const fs::path path = path_of(key);
    remove_durably(path.parent_path() / temporary_name(path.filename().string()));
  }

 private:
  std::unique_ptr<Sink> make_sink(const std::string& key, bool create_only) {
    const fs::path path = path_of(key);
    make_directories(path.parent_path());
    return std::make_unique<FileSink>(path, create_only);
  }

  fs::path path_of(const std::string& key) const {
    for (const auto& part : split(key, '/')) {
      if (part.empty() || part[0] == '.' || part.find('\0') != std::string::npos)
        throw Error(ErrorKind::kBadInput, "'" + printable(key) + "' is not a valid file name");
    }
    return root_ / key;
  }

  fs::path root_;
};

}  // namespace

std::unique_ptr<Store> make_local_store(fs::path root) {
  return std::make_unique<LocalStore>(std::move(root));
}

}  // namespace backups
