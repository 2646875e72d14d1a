// Signals, each case in a process of its own: what has come stays come, and a stop ends them all.
#include "app/signals.h"

#include <csignal>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

namespace mlgraph::app {
namespace {

/// Runs the case in a child; it fails by its exit code.
#define EXPECT_IN_CHILD(body) EXPECT_EXIT(body; std::_Exit(0), ::testing::ExitedWithCode(0), "")
#define MUST(condition) \
  if (!(condition)) std::_Exit(__LINE__ % 200 + 1)

class SignalsTest : public ::testing::Test {
 protected:
  SignalsTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(SignalsTest, AStormOfReloadsIsOneAnswer) {
  EXPECT_IN_CHILD({
    Signals signals;
    for (int i = 0; i < 100'000; ++i) std::raise(SIGHUP);
    MUST(signals.next() == Wish::kReload);
    signals.wake();
    MUST(signals.next() == Wish::kLook);
    MUST(!signals.stop_asked());
  });
}

TEST_F(SignalsTest, AStopBehindAStormOfReloadsIsHeardFirst) {
  EXPECT_IN_CHILD({
    Signals signals;
    for (int i = 0; i < 100'000; ++i) std::raise(SIGHUP);
    std::raise(SIGTERM);
    signals.wake();
    MUST(signals.stop_asked());
    MUST(signals.next() == Wish::kStop);
    MUST(signals.next() == Wish::kStop);
  });
}

TEST_F(SignalsTest, NothingEndsTheProcessBehindAStop) {
  for (const int first : {SIGTERM, SIGINT})
    EXPECT_IN_CHILD({
      Signals signals;
      std::raise(first);
      MUST(signals.next() == Wish::kStop);
      for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) std::raise(signal);
      MUST(signals.next() == Wish::kStop);
    });
}

TEST_F(SignalsTest, AThreadThatIsInterruptedWakesWhoWaits) {
  EXPECT_IN_CHILD({
    Signals signals;
    std::thread other([] { std::raise(SIGHUP); });
    MUST(signals.next() == Wish::kReload);
    other.join();
  });
}

TEST_F(SignalsTest, ThoseThatAParentBlockedAreHeard) {
  EXPECT_IN_CHILD({
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&blocked, signal);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    std::raise(SIGTERM);
    Signals signals;
    MUST(signals.next() == Wish::kStop);
  });
}

}  // namespace
}  // namespace mlgraph::app
