#include "support/memory_store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups::tests {
namespace {

using Objects = std::map<std::string, std::string>;

class MemorySink : public Sink {
 public:
  MemorySink(Objects& objects, std::string key, bool create_only)
      : objects_(objects), key_(std::move(key)), create_only_(create_only) {}
  void write(std::string_view bytes) override { text_ += bytes; }
  void finish() override {
    if (create_only_ && objects_.contains(key_)) throw KeyTaken(key_ + " is there already");
    objects_[key_] = std::move(text_);
  }

 private:
  Objects& objects_;
  std::string key_;
  bool create_only_;
  std::string text_;
};

class MemoryStore : public Store {
 public:
  std::unique_ptr<Sink> put(const std::string& key, std::optional<std::uint64_t>) override {
    check(key);
    return std::make_unique<MemorySink>(objects_, key, false);
  }

  std::unique_ptr<Sink> put_new(const std::string& key, std::optional<std::uint64_t>) override {
    check(key);
    return std::make_unique<MemorySink>(objects_, key, true);
  }

  std::optional<Entry> find(const std::string& key) override {
    check(key);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return std::nullopt;
    return Entry{key, found->second.size()};
  }

  bool get(const std::string& key, Sink& sink) override {
    check(key);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return false;
    sink.write(found->second);
    return true;
  }

  std::vector<Entry> list(const std::string& prefix) override {
    if (!prefix.empty()) check(prefix);
    std::vector<Entry> entries;
    for (const auto& [key, text] : objects_)
      if (prefix.empty() || key.starts_with(prefix + "/")) entries.push_back({key, text.size()});
    return entries;
  }

  void remove(const std::string& key) override {
    check(key);
    objects_.erase(key);
  }

  void abandon(const std::string& key) override { check(key); }

 private:
  static void check(const std::string& key) {
    for (const auto& part : split(key, '/'))
      if (part.empty() || part[0] == '.' || part.find('\0') != std::string::npos)
        throw Error(ErrorKind::kBadInput, "not a key");
  }

  Objects objects_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace backups::tests
