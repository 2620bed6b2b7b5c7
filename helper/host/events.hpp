#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "model/alert.hpp"

namespace backups {

/// What the rooms below `notify` have to say: something is wrong, or is over. Who subscribes hears
/// everything that is published from then on, in the thread that publishes it.
class Events {
 public:
  using Listener = std::function<void(const Alert&, bool is_over)>;

  void subscribe(Listener listener) { listeners_.push_back(std::move(listener)); }
  void publish(const Alert& alert, bool is_over = false) const {
    for (const auto& listener : listeners_) listener(alert, is_over);
  }

 private:
  std::vector<Listener> listeners_;
};

}  // namespace backups
