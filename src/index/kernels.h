#pragma once
// Distances from one query to many rows: the scan on the query path. AVX2 and FMA where the
// processor has them, with a portable twin that the differential test holds against it.
#include <cstddef>
#include <span>

namespace mlgraph::index {

/// `out[i]` = distance of `query` [dim] to row i of `rows` [n, dim]. No alignment is asked for.
struct Kernels {
  void (*squared_l2
  )(const float* query, const float* rows, std::size_t n, std::size_t dim, float* out);
  void (*dot)(const float* query, const float* rows, std::size_t n, std::size_t dim, float* out);
  const char* name;
};

/// The fastest set this processor runs; chosen once.
[[nodiscard]] const Kernels& kernels();
/// The same distances, for rows that are more than the caches hold: they are fetched past these,
/// so that a scan does not push out what the rest of the server works with. Slower by a sixth where
/// the caches would have held them.
[[nodiscard]] const Kernels& streaming_kernels();
[[nodiscard]] const Kernels& portable_kernels();

/// Scales `row` to length 1; false when it has none (all zeros).
[[nodiscard]] bool normalise(std::span<float> row);

}  // namespace mlgraph::index
