#include "index/float16.h"

#include <algorithm>
#include <bit>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mlgraph::index {
namespace {

constexpr std::uint32_t kSign = 0x8000;
constexpr int kFraction = 10;  ///< bits of a half's fraction
constexpr std::uint32_t kInfinity = 0x7c00;
constexpr float kLeastNormal = 6.103515625e-5F;      ///< 2^-14
constexpr float kLeastSubnormal = 5.9604644775e-8F;  ///< 2^-24

#if defined(__x86_64__)
__attribute__((target("avx2,f16c"))) void from_halves_f16c(
    const Half* halves, std::size_t n, float* out
) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(
        out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves + i)))
    );
  for (; i < n; ++i) out[i] = from_half(halves[i]);
}
#endif

}  // namespace

Half to_half(float value) {
  const std::uint32_t sign = std::signbit(value) ? kSign : 0;
  const float size = std::min(std::abs(value), kHalfMax);
  if (size < kLeastNormal)
    return static_cast<Half>(
        sign | static_cast<std::uint32_t>(std::nearbyint(size / kLeastSubnormal))
    );
  // Both formats keep the exponent above the fraction: rounding may carry from one to the other.
  constexpr int kDropped = 23 - kFraction;
  const auto bits = std::bit_cast<std::uint32_t>(size) - ((127U - 15U) << 23);
  const std::uint32_t even = bits >> kDropped & 1;
  return static_cast<Half>(sign | (bits + (1U << (kDropped - 1)) - 1 + even) >> kDropped);
}

float from_half(Half half) {
  const float sign = half & kSign ? -1.0F : 1.0F;
  const std::uint32_t size = half & (kSign - 1);
  if (size >= kInfinity) return sign * kHalfMax;  // to_half() gives none
  if (size < 1U << kFraction) return sign * static_cast<float>(size) * kLeastSubnormal;
  return sign * std::bit_cast<float>((size << (23 - kFraction)) + ((127U - 15U) << 23));
}

void from_halves(const Half* halves, std::size_t n, float* out) {
#if defined(__x86_64__)
  // Every processor with AVX2 has the conversion; clang 14 cannot be asked for it by name.
  static const bool kNative = __builtin_cpu_supports("avx2");
  if (kNative) return from_halves_f16c(halves, n, out);
#endif
  for (std::size_t i = 0; i < n; ++i) out[i] = from_half(halves[i]);
}

}  // namespace mlgraph::index
