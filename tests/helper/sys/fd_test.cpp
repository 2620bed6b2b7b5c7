#include "sys/fd.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>

#include "support/child.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::ThrowsError;

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Fd, ClosesWhatItOwns) {
  int number = -1;
  {
    const Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = fd.get();
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, MovesItsOwnership) {
  Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Fd second(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const int moved = first.get();
  const int closed = second.get();
  second = std::move(first);
  EXPECT_FALSE(is_open(closed));
  EXPECT_EQ(second.get(), moved);
  Fd third(std::move(second));
  EXPECT_EQ(third.get(), moved);
  EXPECT_TRUE(is_open(moved));
  third.reset();
  EXPECT_FALSE(third);
  EXPECT_FALSE(is_open(moved));
}

TEST(Pipe, IsClosedOnExec) {
  const Pipe pipe = make_pipe();
  EXPECT_EQ(::fcntl(pipe.read.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFD), FD_CLOEXEC);
}

TEST(ReadSome, ReadsUntilTheEnd) {
  Pipe pipe = make_pipe();
  write_all(pipe.write.get(), "abc", "pipe");
  pipe.write.reset();
  std::array<char, 8> buffer{};
  EXPECT_EQ(read_some(pipe.read.get(), buffer.data(), 2, "pipe"), 2U);
  EXPECT_EQ(read_some(pipe.read.get(), buffer.data(), 8, "pipe"), 1U);
  EXPECT_EQ(read_some(pipe.read.get(), buffer.data(), 8, "pipe"), 0U);
}

TEST(ReadSome, NamesWhatCannotBeRead) {
  char c = 0;
  EXPECT_THAT([&] { read_some(-1, &c, 1, "the dump"); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("cannot read the dump")));
}

TEST(WriteAll, WritesMoreThanAPipeHolds) {
  Pipe pipe = make_pipe();
  const std::string sent(300'000, 'x');
  tests::Child writer([&] {
    write_all(pipe.write.get(), sent, "pipe");
    return 0;
  });
  pipe.write.reset();
  std::string got;
  std::array<char, 65536> buffer{};
  while (const std::size_t size = read_some(pipe.read.get(), buffer.data(), buffer.size(), "pipe"))
    got.append(buffer.data(), size);
  EXPECT_EQ(got, sent);
  EXPECT_EQ(writer.wait(), tests::exited(0));
}

TEST(WriteAll, NamesWhatCannotBeWritten) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_THAT([&] { write_all(full.get(), "x", "the copy"); },
              ThrowsError(ErrorKind::kNoSpace, HasSubstr("cannot write the copy")));
}

}  // namespace
}  // namespace backups
