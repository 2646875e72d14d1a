// A turn's writes to sockets, by a call each and through io_uring: what was taken, a full socket, a
// peer that has gone; and no ring to be had.
#include "gateway/net/senders.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace mlgraph::gateway {
namespace {

struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0); }
  ~Pair() {
    for (const int end : ends) ::close(end);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  [[nodiscard]] std::string received() const {
    char bytes[64];
    const ssize_t n = recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT);
    return n > 0 ? std::string(bytes, static_cast<std::size_t>(n)) : std::string();
  }
  int ends[2] = {-1, -1};
};

iovec piece_of(std::string& text) { return {text.data(), text.size()}; }

class Senders : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(CallsAndRing, Senders, ::testing::Bool());

TEST_P(Senders, EachSocketGetsItsOwnBytesInOrder) {
  LoopSender sender(GetParam());
  std::array<Pair, 300> pairs;  // more than are submitted at once
  std::string first = "first ";
  std::string second = "second";
  const iovec one[] = {piece_of(second)};
  const iovec two[] = {piece_of(first), piece_of(second)};
  std::vector<hub::Write> writes;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    writes.push_back({pairs[i].ends[0], i % 2 ? std::span<const iovec>(one) : two});
  sender.send(writes);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_EQ(writes[i].taken, i % 2 ? 6U : 12U);
    EXPECT_EQ(pairs[i].received(), i % 2 ? "second" : "first second");
  }
}

TEST_P(Senders, AFullSocketTakesNothingAndAGoneOneIsBroken) {
  LoopSender sender(GetParam());
  const Pair full;
  Pair gone;
  ::close(gone.ends[1]);
  gone.ends[1] = -1;
  std::string much(1 << 20, '.');
  const iovec pieces[] = {piece_of(much)};
  hub::Write fills{full.ends[0], pieces};
  do {
    fills = {full.ends[0], pieces};
    sender.send({&fills, 1});
  } while (fills.taken > 0);
  EXPECT_FALSE(fills.broken);
  hub::Write to_gone{gone.ends[0], pieces};
  sender.send({&to_gone, 1});
  EXPECT_TRUE(to_gone.broken);
  EXPECT_EQ(to_gone.taken, 0U);
}

/// For this thread, as a container's rules do for all.
void forbid_io_uring() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(rules), rules};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

TEST(LoopSender, WhereIoUringIsForbiddenEachSendIsACall) {
  std::thread([] {
    forbid_io_uring();
    const Pair pair;
    LoopSender sender(true);
    std::string text = "by a call";
    const iovec pieces[] = {piece_of(text)};
    hub::Write write{pair.ends[0], pieces};
    sender.send({&write, 1});
    EXPECT_EQ(write.taken, text.size());
    EXPECT_EQ(pair.received(), text);
  }).join();
}

}  // namespace
}  // namespace mlgraph::gateway
