// Every set of kernels that this processor runs against the portable one; codes and halves against
// plain arithmetic.
#include "index/kernels.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "index/float16.h"
#include "index/scalar_quantizer.h"

namespace mlgraph::index {
namespace {

constexpr std::size_t kRows = 13;

TEST(Kernels, FloatsAgreeWithThePortableTwin) {
  std::mt19937_64 random(3);
  std::normal_distribution<float> normal;
  ASSERT_STREQ(runnable_kernels().front().name, "portable");
  for (const auto& set : runnable_kernels())
    for (const std::size_t dim : {1UL, 7UL, 8UL, 15UL, 16UL, 17UL, 100UL, 128UL, 384UL}) {
      std::vector<float> query(dim), rows(dim * kRows), fast(kRows), plain(kRows);
      for (auto& x : query) x = normal(random);
      for (auto& x : rows) x = normal(random);
      set.squared_l2(query.data(), rows.data(), kRows, dim, fast.data());
      portable_kernels().squared_l2(query.data(), rows.data(), kRows, dim, plain.data());
      for (std::size_t i = 0; i < kRows; ++i)
        EXPECT_NEAR(fast[i], plain[i], 1e-4 * (1 + plain[i])) << set.name << dim;
      set.dot(query.data(), rows.data(), kRows, dim, fast.data());
      portable_kernels().dot(query.data(), rows.data(), kRows, dim, plain.data());
      for (std::size_t i = 0; i < kRows; ++i)
        EXPECT_NEAR(fast[i], plain[i], 1e-3) << set.name << dim;
    }
}

TEST(Kernels, CodesGiveTheSameWholeNumbers) {
  std::mt19937_64 random(4);
  for (const auto& set : runnable_kernels())
    for (const std::size_t stride : {16UL, 32UL, 48UL, 112UL, 128UL, 1'024UL, 16'384UL})
      for (std::size_t n = 1; n <= kRows; ++n) {
        // As far out as the caller may go: the largest codes, and weights that add up to 2^31 /
        // 255.
        const auto most =
            std::min<std::int64_t>(32'767, 2'147'483'647 / 255 / static_cast<std::int64_t>(stride));
        std::vector<std::int16_t> weights(stride);
        std::vector<std::uint8_t> codes(stride * n);
        for (auto& w : weights) w = static_cast<std::int16_t>(random() % 3 == 0 ? most : -most + 1);
        for (auto& c : codes) c = static_cast<std::uint8_t>(random() % 4 == 0 ? 255 : random());
        std::vector<std::int32_t> fast(n), plain(n);
        set.weighted_codes(weights.data(), codes.data(), n, stride, fast.data());
        portable_kernels().weighted_codes(weights.data(), codes.data(), n, stride, plain.data());
        EXPECT_EQ(fast, plain) << set.name << stride;
      }
}

TEST(Codes, DistancesAreThoseToTheCodedRowsWithinTheMarginOfTheRealOnes) {
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal;
  for (const auto metric :
       {model::Metric::kL2, model::Metric::kInnerProduct, model::Metric::kCosine})
    for (const std::size_t dim : {3UL, 16UL, 100UL, 384UL}) {
      constexpr std::size_t kMany = 500;
      std::vector<float> rows(kMany * dim), query(dim);
      for (auto& x : rows) x = 100 + 3 * normal(random);  // far from zero, as codes must bear
      for (auto& x : query) x = 100 + 3 * normal(random);
      RangeFinder ranges(dim);
      for (std::size_t i = 0; i < kMany; ++i) ranges.add(rows.data() + i * dim);
      ASSERT_TRUE(ranges.is_codable());
      CodedRows coded;
      coded.quantizer = ranges.quantizer();
      coded.bytes.resize(kMany * coded.quantizer.stride());
      coded.norms.resize(kMany);
      for (std::size_t i = 0; i < kMany; ++i)
        coded.norms[i] = coded.quantizer.encode(
            rows.data() + i * dim, coded.bytes.data() + i * coded.quantizer.stride()
        );
      const CodedQuery measured(metric, coded, query);
      ASSERT_TRUE(measured.is_codable());
      std::size_t within = 0;
      for (std::size_t i = 0; i < kMany; ++i) {
        double sum = 0;
        for (std::size_t d = 0; d < dim; ++d) {
          const double a = query[d], b = rows[i * dim + d];
          sum += metric == model::Metric::kL2 ? (a - b) * (a - b) : a * b;
        }
        const double real = metric == model::Metric::kL2             ? sum
                            : metric == model::Metric::kInnerProduct ? -sum
                                                                     : 1 - sum;
        const float told = measured.of(i);
        within += std::abs(told - real) <= 2 * measured.margin(told) + 1e-5 * std::abs(real);
      }
      EXPECT_GE(within, kMany * 99 / 100) << static_cast<int>(metric) << " " << dim;
    }
}

TEST(Codes, ValuesBeyondTheirReachAreNotCoded) {
  RangeFinder ranges(2);
  const float row[] = {1, 2e15F};
  ranges.add(row);
  EXPECT_FALSE(ranges.is_codable());
}

TEST(Float16, EveryHalfComesBackAndValuesGoToTheNearest) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<Half>(bits);
    if ((half & 0x7c00) == 0x7c00) continue;  // infinities and what is no number are never made
    float one = 0;
    from_halves(&half, 1, &one);
    EXPECT_EQ(one, from_half(half));
    EXPECT_EQ(to_half(one), half) << bits;
  }
  std::mt19937_64 random(6);
  std::uniform_real_distribution<float> values(-70'000, 70'000);
  for (int i = 0; i < 10'000; ++i) {
    const float value = values(random);
    const float back = from_half(to_half(value));
    EXPECT_NEAR(back, std::clamp(value, -kHalfMax, kHalfMax), std::abs(value) / 2'048);
  }
  std::vector<Half> many(21);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = to_half(static_cast<float>(i) / 3);
  std::vector<float> out(many.size());
  from_halves(many.data(), many.size(), out.data());
  for (std::size_t i = 0; i < many.size(); ++i) EXPECT_EQ(out[i], from_half(many[i]));
}

}  // namespace
}  // namespace mlgraph::index
