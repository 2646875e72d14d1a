#include "index/kernels.h"

#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mlgraph::index {
namespace {

void squared_l2_portable(
    const float* query, const float* rows, std::size_t n, std::size_t dim, float* out
) {
  for (std::size_t i = 0; i < n; ++i, rows += dim) {
    float sum = 0;
    for (std::size_t d = 0; d < dim; ++d) {
      const float diff = query[d] - rows[d];
      sum += diff * diff;
    }
    out[i] = sum;
  }
}

void dot_portable(
    const float* query, const float* rows, std::size_t n, std::size_t dim, float* out
) {
  for (std::size_t i = 0; i < n; ++i, rows += dim) {
    float sum = 0;
    for (std::size_t d = 0; d < dim; ++d) sum += query[d] * rows[d];
    out[i] = sum;
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2,fma"))) inline float sum_lanes(__m256 v) {
  const __m128 low = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 pairs = _mm_add_ps(low, _mm_movehl_ps(low, low));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
}

enum class Fetch { kThroughCaches, kPastCaches };

/// Some lines ahead of `row`; an address behind the last row is harmless to prefetch.
template <Fetch kFetch>
inline void fetch_ahead(const float* row) {
  constexpr std::size_t kAhead = 256;  // floats; 512 to 2,048 measured worse
  if constexpr (kFetch == Fetch::kPastCaches)
    _mm_prefetch(reinterpret_cast<const char*>(row + kAhead), _MM_HINT_NTA);
}

// Two accumulators hide the latency of the fused multiply-add; the rows come from memory anyway.
template <Fetch kFetch>
__attribute__((target("avx2,fma"))) void squared_l2_avx2(
    const float* query, const float* rows, std::size_t n, std::size_t dim, float* out
) {
  for (std::size_t i = 0; i < n; ++i, rows += dim) {
    __m256 a = _mm256_setzero_ps();
    __m256 b = _mm256_setzero_ps();
    std::size_t d = 0;
    for (; d + 16 <= dim; d += 16) {
      fetch_ahead<kFetch>(rows + d);
      const __m256 x = _mm256_sub_ps(_mm256_loadu_ps(query + d), _mm256_loadu_ps(rows + d));
      const __m256 y = _mm256_sub_ps(_mm256_loadu_ps(query + d + 8), _mm256_loadu_ps(rows + d + 8));
      a = _mm256_fmadd_ps(x, x, a);
      b = _mm256_fmadd_ps(y, y, b);
    }
    float sum = sum_lanes(_mm256_add_ps(a, b));
    for (; d < dim; ++d) {
      const float diff = query[d] - rows[d];
      sum += diff * diff;
    }
    out[i] = sum;
  }
}

template <Fetch kFetch>
__attribute__((target("avx2,fma"))) void dot_avx2(
    const float* query, const float* rows, std::size_t n, std::size_t dim, float* out
) {
  for (std::size_t i = 0; i < n; ++i, rows += dim) {
    __m256 a = _mm256_setzero_ps();
    __m256 b = _mm256_setzero_ps();
    std::size_t d = 0;
    for (; d + 16 <= dim; d += 16) {
      fetch_ahead<kFetch>(rows + d);
      a = _mm256_fmadd_ps(_mm256_loadu_ps(query + d), _mm256_loadu_ps(rows + d), a);
      b = _mm256_fmadd_ps(_mm256_loadu_ps(query + d + 8), _mm256_loadu_ps(rows + d + 8), b);
    }
    float sum = sum_lanes(_mm256_add_ps(a, b));
    for (; d < dim; ++d) sum += query[d] * rows[d];
    out[i] = sum;
  }
}

#endif

constexpr Kernels kPortable = {squared_l2_portable, dot_portable, "portable"};

#if defined(__x86_64__)
template <Fetch kFetch>
Kernels choose() {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {squared_l2_avx2<kFetch>, dot_avx2<kFetch>, "avx2"};
  return kPortable;
}
#endif

}  // namespace

#if defined(__x86_64__)
const Kernels& kernels() {
  static const Kernels kChosen = choose<Fetch::kThroughCaches>();
  return kChosen;
}
const Kernels& streaming_kernels() {
  static const Kernels kChosen = choose<Fetch::kPastCaches>();
  return kChosen;
}
#else
const Kernels& kernels() { return kPortable; }
const Kernels& streaming_kernels() { return kPortable; }
#endif
const Kernels& portable_kernels() { return kPortable; }

bool normalise(std::span<float> row) {
  double sum = 0;
  for (const float value : row) sum += static_cast<double>(value) * static_cast<double>(value);
  if (sum <= 0) return false;
  const double scale = 1.0 / std::sqrt(sum);
  for (float& value : row) value = static_cast<float>(static_cast<double>(value) * scale);
  return true;
}

}  // namespace mlgraph::index
