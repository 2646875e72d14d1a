#include "client/backoff.h"

#include <vector>

#include <gtest/gtest.h>

#include "client/seed.h"

namespace mlgraph::client {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, BoundsAreThePages) {
  Backoff backoff({.seed = testing::seed()});
  std::vector<std::int64_t> bounds;
  for (int i = 0; i < 8; ++i) {
    bounds.push_back(backoff.bound().count());
    static_cast<void>(backoff.next());
  }
  EXPECT_EQ(
      bounds,
      (std::vector<std::int64_t>{1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000, 30'000})
  );
}

TEST(Backoff, StaysAtItsMaximumForever) {
  Backoff backoff({.seed = testing::seed()});
  for (int i = 0; i < 100'000; ++i) {
    const auto bound = backoff.bound();
    const auto delay = backoff.next();
    ASSERT_GE(delay, milliseconds(0));
    ASSERT_LE(delay, bound);
    ASSERT_LE(bound, milliseconds(30'000));
  }
}

/// Draws of one bound, in ten equal pieces of it: each has its share.
TEST(Backoff, JitterIsFull) {
  Backoff backoff({.seed = testing::seed()});
  constexpr int kDraws = 10'000;
  std::vector<int> pieces(10);
  for (int i = 0; i < kDraws; ++i) {
    ++pieces.at(static_cast<std::size_t>(std::min<std::int64_t>(9, backoff.next().count() / 100)));
    backoff.reset();
  }
  for (const int count : pieces) {
    EXPECT_GT(count, kDraws / 10 / 2);
    EXPECT_LT(count, kDraws / 10 * 2);
  }
}

/// A thousand clients told the same least delay wait no less, and not all the same.
TEST(Backoff, LeastDelayIsKeptAndStillSpread) {
  Backoff backoff({.seed = testing::seed()});
  constexpr milliseconds kLeast(1'500);
  int late = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto delay = backoff.next(kLeast);
    ASSERT_GE(delay, kLeast);
    ASSERT_LE(delay, kLeast + milliseconds(1'000));
    if (delay > kLeast + milliseconds(500)) ++late;
    backoff.reset();
  }
  EXPECT_GT(late, 300);
  EXPECT_LT(late, 700);
}

TEST(Backoff, ResetBeginsAgain) {
  Backoff backoff({.seed = testing::seed()});
  for (int i = 0; i < 5; ++i) static_cast<void>(backoff.next());
  backoff.reset();
  EXPECT_EQ(backoff.bound(), milliseconds(1'000));
}

TEST(Backoff, SeedRepeatsTheDelays) {
  Backoff one({.seed = testing::seed()});
  Backoff other({.seed = testing::seed()});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(one.next(), other.next());
}

}  // namespace
}  // namespace mlgraph::client
