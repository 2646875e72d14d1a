// The readers of vector files: the first byte picks the format, the rest is the file, read in steps
// of odd sizes.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "work/json_rows.h"
#include "work/row_source.h"

namespace {

class Bytes final : public mlgraph::work::ByteSource {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes), length_(bytes.size()) {}
  mlgraph::base::Result<std::size_t> read(std::span<char> out) override {
    const std::size_t n = std::min({out.size(), bytes_.size(), std::size_t{7}});
    std::memcpy(out.data(), bytes_.data(), n);
    bytes_.remove_prefix(n);
    return n;
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  std::string_view bytes_;
  std::size_t length_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr const char* kTypes[] = {
      "application/x-ndjson", "application/x-npy", "text/csv", "application/x-fvecs"};
  if (size == 0) return 0;
  Bytes bytes({reinterpret_cast<const char*>(data) + 1, size - 1});
  constexpr std::uint32_t kDim = 3;
  auto source = mlgraph::work::make_row_source(kTypes[data[0] % 4], bytes, kDim, "p");
  MLG_CHECK(source.has_value());
  mlgraph::work::RowBuffer rows(kDim);
  for (;;) {
    rows.clear();
    const auto more = (*source)->next(rows, 5, [](std::uint64_t, std::string) {});
    if (!more || !*more) return 0;
    const auto view = rows.view();
    MLG_CHECK(view.values.size() == view.ids.size() * kDim);
    for (const float value : view.values) MLG_CHECK(std::isfinite(value));
    for (const auto id : view.ids) MLG_CHECK(mlgraph::work::is_utf8(id));
  }
}
