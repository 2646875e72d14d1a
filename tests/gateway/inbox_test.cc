#include "gateway/net/inbox.h"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace mlgraph::gateway {
namespace {

class InboxTest : public ::testing::Test {
 protected:
  /// As a loop does it: sleeps only when there is nothing, until `done`.
  template <typename Done>
  void run_until(Done done) {
    while (!done()) {
      if (inbox_.empty()) io_.run_one();
      while (inbox_.run_one()) {
      }
    }
  }
  boost::asio::io_context io_{1};
  Inbox inbox_{io_};
};

TEST_F(InboxTest, ASleepingLoopIsWokenAndKeepsEachPostersOrder) {
  constexpr int kPosters = 4, kSteps = 20'000;
  std::vector<int> seen(kPosters, 0);
  std::vector<std::thread> posters;
  for (int p = 0; p < kPosters; ++p)
    posters.emplace_back([&, p] {
      for (int n = 0; n < kSteps; ++n) {
        inbox_.post([&seen, p, n] { EXPECT_EQ(seen[static_cast<std::size_t>(p)]++, n); }, true);
        if (n % 1'000 == 0) std::this_thread::yield();
      }
    });
  run_until([&] { return seen == std::vector<int>(kPosters, kSteps); });
  for (auto& poster : posters) poster.join();
  EXPECT_TRUE(inbox_.empty());
}

TEST_F(InboxTest, WhatAStepPostsIsFoundBeforeTheLoopSleeps) {
  int left = 1'000;
  std::function<void()> again = [&] {
    if (--left > 0) inbox_.post(again, false);
  };
  inbox_.post(again, true);
  run_until([&] { return left == 0; });
}

TEST_F(InboxTest, APostBehindAnUnannouncedOneIsNotLost) {
  bool own = false, other = false;
  inbox_.post([&] { own = true; }, false);
  std::thread([&] { inbox_.post([&] { other = true; }, true); }).join();
  run_until([&] { return own && other; });
}

TEST(Inbox, StepsThatAreDroppedMayPostMore) {
  boost::asio::io_context io{1};
  int dropped = 0;
  {
    std::function<void(int)> post;
    Inbox inbox(io);
    post = [&](int more) {
      std::shared_ptr<void> ends(nullptr, [&, more](void*) {
        ++dropped;
        if (more > 0) post(more - 1);
      });
      inbox.post([ends] {}, true);
    };
    post(3);
  }
  EXPECT_EQ(dropped, 4);
}

}  // namespace
}  // namespace mlgraph::gateway
