#pragma once
// What the targets of vector files share: bytes that come in small pieces, and what holds of every
// row that a source makes of them.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "work/json_rows.h"
#include "work/row_source.h"

namespace mlgraph::fuzz {

/// The input in reads of at most seven bytes, its length told.
class Bytes final : public work::ByteSource {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes), length_(bytes.size()) {}
  base::Result<std::size_t> read(std::span<char> out) override {
    const std::size_t n = std::min({out.size(), bytes_.size(), std::size_t{7}});
    std::memcpy(out.data(), bytes_.data(), n);
    bytes_.remove_prefix(n);
    return n;
  }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return length_; }

 private:
  std::string_view bytes_;
  std::size_t length_;
};

/// Reads all rows of three values that a file of this type has.
inline int read_rows(std::string_view content_type, const std::uint8_t* data, std::size_t size) {
  constexpr std::uint32_t kDim = 3;
  Bytes bytes({reinterpret_cast<const char*>(data), size});
  work::RowOptions options;
  options.id_prefix = "p";
  options.spool_dir = "spool";
  auto source = work::make_row_source(content_type, bytes, kDim, options);
  MLG_CHECK(source.has_value());
  work::RowBuffer rows(kDim);
  std::uint64_t seen = 0;
  for (;;) {
    rows.clear();
    std::uint64_t bad = 0;
    const auto more = (*source)->next(rows, 5, [&](std::uint64_t, const std::string&) { ++bad; });
    const auto view = rows.view();
    MLG_CHECK(rows.rows() + bad <= 5);
    MLG_CHECK(view.values.size() == view.ids.size() * kDim);
    for (const float value : view.values) MLG_CHECK(std::isfinite(value));
    for (const auto id : view.ids) MLG_CHECK(work::is_utf8(id));
    seen += rows.rows() + bad;
    if (const auto total = (*source)->total()) MLG_CHECK(seen <= *total);
    if (!more || !*more) return 0;
  }
}

}  // namespace mlgraph::fuzz
