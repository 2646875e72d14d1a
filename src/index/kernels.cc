#include "index/kernels.h"

#include <cmath>
#include <vector>

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

void weighted_codes_portable(
    const std::int16_t* weights,
    const std::uint8_t* rows,
    std::size_t n,
    std::size_t stride,
    std::int32_t* out
) {
  for (std::size_t i = 0; i < n; ++i, rows += stride) {
    std::int32_t sum = 0;
    for (std::size_t d = 0; d < stride; ++d) sum += weights[d] * rows[d];
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

__attribute__((target("avx2"))) inline std::int32_t sum_lanes(__m256i v) {
  const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  const __m128i pairs = _mm_add_epi32(half, _mm_shuffle_epi32(half, _MM_SHUFFLE(1, 0, 3, 2)));
  return _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32(pairs, _MM_SHUFFLE(2, 3, 0, 1))));
}

/// Sixteen codes, each in 16 bits.
__attribute__((target("avx2"))) inline __m256i widen(const std::uint8_t* codes) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
}

/// Lists lie anywhere in memory, and a row is over before the processor has seen that it is read
/// one byte after the other.
inline void fetch_codes_ahead(const std::uint8_t* codes) {
  constexpr std::size_t kAhead = 2'048;  // bytes
  _mm_prefetch(reinterpret_cast<const char*>(codes + kAhead), _MM_HINT_T0);
}

__attribute__((target("avx2"))) void weighted_codes_avx2(
    const std::int16_t* weights,
    const std::uint8_t* rows,
    std::size_t n,
    std::size_t stride,
    std::int32_t* out
) {
  for (std::size_t i = 0; i < n; ++i, rows += stride) {
    __m256i sum = _mm256_setzero_si256();
    for (std::size_t d = 0; d < stride; d += 16) {
      fetch_codes_ahead(rows + d);
      const auto* at = reinterpret_cast<const __m256i*>(weights + d);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(widen(rows + d), _mm256_loadu_si256(at)));
    }
    out[i] = sum_lanes(sum);
  }
}

/// Four rows at a time: their sums are folded together, and each waits for the others' products,
/// not for its own. Floats stay with AVX2: their scan waits for memory (measured).
__attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512vnni"))) void weighted_codes_avx512(
    const std::int16_t* weights,
    const std::uint8_t* rows,
    std::size_t n,
    std::size_t stride,
    std::int32_t* out
) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4, rows += 4 * stride) {
    __m256i a = _mm256_setzero_si256();
    __m256i b = a;
    __m256i c = a;
    __m256i e = a;
    for (std::size_t d = 0; d < stride; d += 16) {
      fetch_codes_ahead(rows + 4 * d);
      const __m256i by = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + d));
      a = _mm256_dpwssd_epi32(a, widen(rows + d), by);
      b = _mm256_dpwssd_epi32(b, widen(rows + stride + d), by);
      c = _mm256_dpwssd_epi32(c, widen(rows + 2 * stride + d), by);
      e = _mm256_dpwssd_epi32(e, widen(rows + 3 * stride + d), by);
    }
    const __m256i folded = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, e));
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(out + i),
        _mm_add_epi32(_mm256_castsi256_si128(folded), _mm256_extracti128_si256(folded, 1))
    );
  }
  weighted_codes_avx2(weights, rows, n - i, stride, out + i);
}

#endif

constexpr Kernels kPortable = {
    squared_l2_portable, dot_portable, weighted_codes_portable, "portable"};

#if defined(__x86_64__)
template <Fetch kFetch>
constexpr Kernels kAvx2 = {squared_l2_avx2<kFetch>, dot_avx2<kFetch>, weighted_codes_avx2, "avx2"};
template <Fetch kFetch>
constexpr Kernels kAvx512 = {
    squared_l2_avx2<kFetch>, dot_avx2<kFetch>, weighted_codes_avx512, "avx512"};

template <Fetch kFetch>
std::vector<Kernels> find_runnable() {
  std::vector<Kernels> found = {kPortable};
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return found;
  found.push_back(kAvx2<kFetch>);
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
    found.push_back(kAvx512<kFetch>);
  return found;
}
#endif

}  // namespace

#if defined(__x86_64__)
std::span<const Kernels> runnable_kernels() {
  static const std::vector<Kernels> kFound = find_runnable<Fetch::kThroughCaches>();
  return kFound;
}
const Kernels& streaming_kernels() {
  static const Kernels kChosen = find_runnable<Fetch::kPastCaches>().back();
  return kChosen;
}
#else
std::span<const Kernels> runnable_kernels() { return {&kPortable, 1}; }
const Kernels& streaming_kernels() { return kPortable; }
#endif
const Kernels& kernels() {
  static const Kernels kChosen = runnable_kernels().back();
  return kChosen;
}
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
