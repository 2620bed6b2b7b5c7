#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hook/hook.hpp"
#include "support/lab.hpp"
#include "support/sinks.hpp"

namespace backups::tests {

/// Runs a hook of the type "odd" that the test writes.
class HookBench : public ::testing::Test {
 protected:
  /// Writes hooks/odd/go.
  void write_hook(const std::string& bash) { lab_.add_hook("odd", "go", "#!/bin/bash\n" + bash); }

  std::string query(const std::vector<std::string>& arguments = {}, const std::string& input = {},
                    const Timeouts& timeouts = kShortTimeouts) {
    return query_hook(state_.hooks, run_, log_, "odd", "go", arguments, input, timeouts);
  }
  Hook start(Hook::Input input = Hook::Input::kNone) {
    return Hook(state_.hooks, run_, log_, "odd", "go", {}, input);
  }
  std::string logged() const { return slurp(log_file_); }

  Lab lab_;
  State state_ = lab_.open();
  backups::Run run_{state_.paths, "test", {"odd", "x", "x"}};
  fs::path log_file_ = lab_.path() / "log";
  HookLog log_{log_file_};
};

}  // namespace backups::tests
