#pragma once
// Distances from one query to many rows: the scan on the query path. AVX2 with FMA, or AVX-512,
// where the processor has them, with a portable twin that the differential test holds against them.
#include <cstddef>
#include <cstdint>
#include <span>

namespace mlgraph::index {

/// `out[i]` = distance of `query` [dim] to row i of `rows` [n, dim]. No alignment is asked for.
struct Kernels {
  void (*squared_l2
  )(const float* query, const float* rows, std::size_t n, std::size_t dim, float* out);
  void (*dot)(const float* query, const float* rows, std::size_t n, std::size_t dim, float* out);
  /// `out[i]` = sum of weights [stride] times the codes of row i of `rows` [n, stride]; stride is a
  /// multiple of 16. The caller sees to it that no sum leaves 32 bits. Whole numbers: every set of
  /// kernels gives the same.
  void (*weighted_codes
  )(const std::int16_t* weights,
    const std::uint8_t* rows,
    std::size_t n,
    std::size_t stride,
    std::int32_t* out);
  const char* name;
};

/// The fastest set this processor runs; chosen once.
[[nodiscard]] const Kernels& kernels();
/// The same distances, for rows that are more than the caches hold: they are fetched past these,
/// so that a scan does not push out what the rest of the server works with. Slower by a sixth where
/// the caches would have held them.
[[nodiscard]] const Kernels& streaming_kernels();
[[nodiscard]] const Kernels& portable_kernels();
/// All sets that this processor runs, the portable one first: for tests.
[[nodiscard]] std::span<const Kernels> runnable_kernels();

/// Scales `row` to length 1; false when it has none (all zeros).
[[nodiscard]] bool normalise(std::span<float> row);

}  // namespace mlgraph::index
