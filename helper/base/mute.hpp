#pragma once

namespace backups::log {

/// While it lives and `mute` is true nothing is said, not even a warning: what the caller may not
/// see.
class Mute {
 public:
  explicit Mute(bool mute);
  Mute(const Mute&) = delete;
  Mute& operator=(const Mute&) = delete;
  ~Mute();

 private:
  bool before_;
};

}  // namespace backups::log
