// Quantiles beside the exact ones of the same values; windows and rates under a manual clock.
#include "metrics/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/seed.h"
#include "support/manual_clock.h"

namespace mlgraph::metrics {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// Nearest rank: the least value that at least the fraction q does not exceed.
double exact(std::vector<double> sorted, double q) {
  const auto n = static_cast<double>(sorted.size());
  const auto rank = static_cast<std::size_t>(std::clamp(std::ceil(q * n), 1.0, n));
  return sorted[rank - 1];
}

nanoseconds of_seconds(double s) { return nanoseconds(static_cast<std::int64_t>(s * 1e9)); }

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.total(), 0u);
  EXPECT_EQ(quantile_seconds(histogram.counts(), 0.5), 0);
}

TEST(Histogram, QuantilesStayWithinThreePercentOfTheExactOnes) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> decades(-4.5, 3);  // 32 us to 17 minutes
  for (const std::size_t n : {1u, 2u, 3u, 10u, 99u, 1'000u, 20'000u}) {
    Histogram histogram;
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) {
      values.push_back(std::pow(10, decades(random)));
      histogram.record(of_seconds(values.back()));
    }
    std::sort(values.begin(), values.end());
    EXPECT_EQ(histogram.total(), n);
    for (const double q : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0})
      EXPECT_NEAR(
          quantile_seconds(histogram.counts(), q), exact(values, q), 0.03 * exact(values, q)
      ) << "q "
        << q << " of " << n;
  }
}

TEST(Histogram, MicrosecondsAreTold) {
  for (int us = 0; us < 64; ++us) {
    Histogram histogram;
    histogram.record(std::chrono::microseconds(us));
    EXPECT_NEAR(quantile_seconds(histogram.counts(), 0.5) * 1e6, us, 1) << us;
  }
}

TEST(Histogram, ExtremesStayInTheirBuckets) {
  Histogram histogram;
  histogram.record(nanoseconds(-5));
  EXPECT_LT(quantile_seconds(histogram.counts(), 1), 1e-6);
  histogram.record(std::chrono::hours(24 * 365));
  EXPECT_GT(quantile_seconds(histogram.counts(), 1), 3'600);
  EXPECT_EQ(histogram.total(), 2u);
}

TEST(Histogram, ManyThreadsLoseNothing) {
  Histogram histogram;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) histogram.record(std::chrono::microseconds(i));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(histogram.total(), 80'000u);
}

TEST(WindowedQuantiles, AValueCountsForTenSeconds) {
  Histogram histogram;
  WindowedQuantiles window(histogram);
  EXPECT_EQ(window.seconds(0.99), 0);
  window.tick();
  EXPECT_EQ(window.seconds(0.99), 0);
  histogram.record(seconds(1));
  for (int second = 1; second <= 10; ++second) {
    window.tick();
    EXPECT_NEAR(window.seconds(0.99), 1, 0.03) << second;
    histogram.record(milliseconds(1));
  }
  window.tick();
  EXPECT_NEAR(window.seconds(0.99), 0.001, 0.00003);
  for (int second = 0; second < 10; ++second) window.tick();
  EXPECT_EQ(window.seconds(0.99), 0);
}

TEST(WindowedQuantiles, EachWindowIsThatOfItsLastTenSeconds) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  Histogram histogram;
  WindowedQuantiles window(histogram);
  std::vector<std::vector<double>> by_second;
  for (int second = 0; second < 60; ++second) {
    by_second.emplace_back();
    for (auto n = random() % 20; n > 0; --n) {
      by_second.back().push_back(0.001 * static_cast<double>(1 + random() % 1'000));
      histogram.record(of_seconds(by_second.back().back()));
    }
    window.tick();
    std::vector<double> recent;
    for (std::size_t i = by_second.size() > 10 ? by_second.size() - 10 : 0; i < by_second.size();
         ++i)
      recent.insert(recent.end(), by_second[i].begin(), by_second[i].end());
    std::sort(recent.begin(), recent.end());
    for (const double q : {0.5, 0.99}) {
      const double want = recent.empty() ? 0 : exact(recent, q);
      EXPECT_NEAR(window.seconds(q), want, 0.03 * want) << "second " << second;
    }
  }
}

TEST(SlidingRate, CountsTheLastSecond) {
  testing::ManualClock clock;
  SlidingRate rate;
  EXPECT_EQ(rate.per_second(clock.steady_now()), 0);
  for (int i = 0; i < 300; ++i) {  // 500 a second for three seconds
    rate.add(clock.steady_now(), 5);
    clock.advance(milliseconds(10));
  }
  EXPECT_EQ(rate.per_second(clock.steady_now()), 500);
  clock.advance(milliseconds(500));
  EXPECT_EQ(rate.per_second(clock.steady_now()), 250);
  clock.advance(milliseconds(600));
  EXPECT_EQ(rate.per_second(clock.steady_now()), 0);
}

TEST(SlidingRate, AnOldCountIsNotMistakenForANewOne) {
  testing::ManualClock clock;
  SlidingRate rate;
  for (int i = 0; i < 5; ++i) {
    rate.add(clock.steady_now(), 100);
    clock.advance(milliseconds(1'600));  // the same slot again
    EXPECT_EQ(rate.per_second(clock.steady_now()), 0);
  }
  rate.add(clock.steady_now(), 7);
  clock.advance(milliseconds(100));
  EXPECT_EQ(rate.per_second(clock.steady_now()), 7);
}

TEST(SlidingRate, ManyThreadsCountTogether) {
  testing::ManualClock clock;
  SlidingRate rate;
  rate.add(clock.steady_now(), 1);  // begins the tenth, so that nothing is lost below
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) rate.add(clock.steady_now());
    });
  for (auto& thread : threads) thread.join();
  clock.advance(milliseconds(100));
  EXPECT_EQ(rate.per_second(clock.steady_now()), 20'001);
}

}  // namespace
}  // namespace mlgraph::metrics
