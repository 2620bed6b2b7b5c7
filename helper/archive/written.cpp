#include "archive/written.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace backups {

Written::Written(fs::path notes) : notes_(std::move(notes)) {
  auto lines = split(read_file(notes_).value_or(""), '\n');
  lines.pop_back();  // empty, or cut short: that write had not begun
  for (const auto& line : lines) {
    if (line.starts_with("+")) keys_.push_back(line.substr(1));
    if (line.starts_with("-")) std::erase(keys_, line.substr(1));
  }
}

std::optional<Store::Entry> find_existing(Store& store, const std::string& key) {
  try {
    return store.find(key);
  } catch (const KeyHidden&) {
    return std::nullopt;  // put_new() detects an existing object if the server supports it
  }
}

void Written::begin(const std::string& key, const std::optional<Store::Entry>& found) {
  if (found)
    throw KeyTaken("the file " + key.substr(key.rfind('/') + 1) +
                   " already exists and was not written by this attempt: it was left unchanged");
  note("+" + key);
  keys_.push_back(key);
}

void Written::forget(const std::string& key) {
  note("-" + key);
  std::erase(keys_, key);
}

bool Written::contains(const std::string& key) const {
  return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
}

void Written::undo(Store& store) {
  for (; !keys_.empty(); keys_.pop_back()) {
    store.remove(keys_.back());
    store.abandon(keys_.back());
  }
}

void Written::note(const std::string& line) const {
  const Fd fd(::open(notes_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!fd) throw system_error("cannot write " + notes_.string(), errno);
  write_all(fd.get(), line + "\n", notes_.string());
  if (::fdatasync(fd.get()) != 0) throw system_error("cannot sync " + notes_.string(), errno);
}

}  // namespace backups
