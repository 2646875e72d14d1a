#pragma once
// Values in half of their 32 bits (IEEE 754 binary16): ten bits of fraction, up to 65,504.
#include <cstddef>
#include <cstdint>

namespace mlgraph::index {

using Half = std::uint16_t;
inline constexpr float kHalfMax = 65'504;

/// To the nearest half, of two equally near to the even one. `value` is at most kHalfMax in size.
[[nodiscard]] Half to_half(float value);
[[nodiscard]] float from_half(Half half);
/// Many at once, with the processor's own instruction where it has one.
void from_halves(const Half* halves, std::size_t n, float* out);

}  // namespace mlgraph::index
