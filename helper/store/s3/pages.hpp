#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/limits.hpp"
#include "store/s3/xml.hpp"

namespace backups {

/// Counts pages and decides when a list is endless.
class Pages {
 public:
  /// Counts a page. `next` is its continuation. Returns false if a limit is exceeded or a page is
  /// repeated.
  bool count_page(const Fields& next, std::size_t bytes, std::size_t items) {
    bytes_ += bytes;
    items_ += items;
    return seen_.insert(next).second && seen_.size() <= kMaxPages && bytes_ <= kMaxListBytes &&
           items_ <= kMaxListed && std::chrono::steady_clock::now() < end_;
  }

 private:
  std::set<Fields> seen_;
  std::size_t bytes_ = 0;
  std::size_t items_ = 0;
  const std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(kLongestList);
};

/// How to fetch and read a list.
template <typename Item>
struct S3List {
  std::function<std::string(const Fields& next)>
      ask;  ///< fetches the page after the one that named `next`
  std::optional<S3Page<Item>> (*read)(const std::string& xml);
  std::function<void(const std::string& why)> fail;  ///< throws
};

/// Reads all pages. Items whose key does not begin with `prefix`, which no server should list, are
/// dropped.
template <typename Item>
std::vector<Item> read_pages(const S3List<Item>& list, const std::string& prefix) {
  std::vector<Item> items;
  Fields next;
  Pages pages;
  do {
    const std::string answer = list.ask(next);
    auto page = list.read(answer);
    if (!page) list.fail("the server's answer is not a valid list");
    next = page->next;
    if (!pages.count_page(next, answer.size(), page->items.size()))
      list.fail("the server's list is endless");
    std::erase_if(page->items, [&](const Item& item) { return !item.key.starts_with(prefix); });
    items.insert(items.end(), std::make_move_iterator(page->items.begin()),
                 std::make_move_iterator(page->items.end()));
  } while (!next.empty());
  return items;
}

}  // namespace backups
