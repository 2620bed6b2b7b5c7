#include "cli/user.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::exited;
using tests::run_in_child;
using tests::TemporaryDirectory;
using tests::ThrowsError;

class BecomeOwner : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
  void give_to(uid_t user) { ASSERT_EQ(::chown(directory_.path().c_str(), user, 0), 0); }

  TemporaryDirectory directory_;
};

TEST_F(BecomeOwner, BecomesThatUserForGood) {
  const passwd* nobody = ::getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  give_to(nobody->pw_uid);
  const auto ending = run_in_child([&] {
    become_owner_of(directory_.path());
    uid_t real = 0, effective = 0, saved = 0;
    EXPECT_EQ(::getresuid(&real, &effective, &saved), 0);
    EXPECT_THAT((std::array{real, effective, saved}), testing::Each(nobody->pw_uid));
    gid_t real_group = 0, effective_group = 0, saved_group = 0;
    EXPECT_EQ(::getresgid(&real_group, &effective_group, &saved_group), 0);
    EXPECT_THAT((std::array{real_group, effective_group, saved_group}),
                testing::Each(nobody->pw_gid));
    std::array<gid_t, 64> groups{};
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    EXPECT_EQ(count, 1) << "none of root's are left";
    EXPECT_EQ(groups[0], nobody->pw_gid);
    EXPECT_STREQ(std::getenv("HOME"), nobody->pw_dir);
    EXPECT_NE(::setuid(0), 0);
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST_F(BecomeOwner, StaysRootOnItsOwn) {
  const auto ending = run_in_child([&] {
    become_owner_of(directory_.path());
    return ::geteuid() == 0 ? 0 : 1;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST_F(BecomeOwner, DoesNothingWhereThereIsNoDirectory) {
  const auto ending = run_in_child([&] {
    become_owner_of(directory_ / "none");
    return ::geteuid() == 0 ? 0 : 1;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST_F(BecomeOwner, IsThatOfTheDirectoryInWhichItIsToBeMade) {
  const passwd* nobody = ::getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  give_to(nobody->pw_uid);
  const auto ending = run_in_child([&] {
    become_owner_of(directory_.path() / "data" / "backups");
    return ::geteuid() == nobody->pw_uid ? 0 : 1;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST_F(BecomeOwner, RefusesAnOwnerWithoutAName) {
  constexpr uid_t kNobodys = 3'999'999'999;
  ASSERT_EQ(::getpwuid(kNobodys), nullptr);
  give_to(kNobodys);
  const auto ending = run_in_child([&] {
    EXPECT_THAT([&] { become_owner_of(directory_.path()); },
                ThrowsError(ErrorKind::kFailed, HasSubstr("has no user name")));
    return ::geteuid() == 0 ? 0 : 1;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST_F(BecomeOwner, IsNothingForAnOrdinaryUser) {
  const passwd* nobody = ::getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  give_to(nobody->pw_uid);
  const auto ending = run_in_child([&] {
    EXPECT_EQ(::setuid(nobody->pw_uid), 0);
    become_owner_of(directory_.path());
    return ::geteuid() == nobody->pw_uid ? 0 : 1;
  });
  EXPECT_EQ(ending, exited(0));
}

}  // namespace
}  // namespace backups
