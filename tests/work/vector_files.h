#pragma once
// Vector files as bytes, and a source that hands them out in pieces of a chosen size.
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "work/row_source.h"

namespace mlgraph::testing {

inline const std::string kJsonl = "application/x-ndjson";
inline const std::string kCsv = "text/csv";
inline const std::string kFvecs = "application/x-fvecs";
inline const std::string kBvecs = "application/x-bvecs";
inline const std::string kNpy = "application/x-npy";

/// `bytes` in reads of at most `piece`; at their end comes the end, or `then`.
class PiecewiseBytes final : public work::ByteSource {
 public:
  explicit PiecewiseBytes(std::string bytes, std::size_t piece = 1 << 20)
      : bytes_(std::move(bytes)), piece_(piece) {}
  PiecewiseBytes& with_length(std::uint64_t length) {
    length_ = length;
    return *this;
  }
  PiecewiseBytes& ending_in(base::ErrorCode code) {
    then_ = code;
    return *this;
  }
  base::Result<std::size_t> read(std::span<char> out) override {
    const std::size_t n = std::min({out.size(), bytes_.size() - at_, piece_});
    if (n == 0 && then_) return base::fail(*then_, "the body was cut short");
    std::memcpy(out.data(), bytes_.data() + at_, n);
    at_ += n;
    return n;
  }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return length_; }

 private:
  const std::string bytes_;
  const std::size_t piece_;
  std::size_t at_ = 0;
  std::optional<std::uint64_t> length_;
  std::optional<base::ErrorCode> then_;
};

struct ReadRow {
  std::string id;
  std::vector<float> values;
  std::string metadata;
  bool operator==(const ReadRow&) const = default;
};

/// What a source made of a file.
struct ReadFile {
  std::vector<ReadRow> rows;
  std::vector<std::pair<std::uint64_t, std::string>> bad;
  std::optional<base::Error> error;
  std::optional<std::uint64_t> total;
  std::uint64_t bytes_read = 0;
};

[[nodiscard]] inline ReadFile read_all(
    const std::string& type,
    work::ByteSource& bytes,
    std::uint32_t dimension,
    std::size_t rows_max = 1'000,
    const std::string& prefix = ""
) {
  ReadFile file;
  auto source = work::make_row_source(type, bytes, dimension, {.id_prefix = prefix});
  if (!source) {
    file.error = source.error();
    return file;
  }
  work::RowBuffer rows(dimension);
  for (bool more = true; more;) {
    rows.clear();
    const auto read = (*source)->next(rows, rows_max, [&](std::uint64_t row, std::string why) {
      file.bad.emplace_back(row, std::move(why));
    });
    const auto view = rows.view();
    for (std::size_t i = 0; i < view.ids.size(); ++i) {
      const auto values = view.values.subspan(i * dimension, dimension);
      file.rows.push_back(
          {std::string(view.ids[i]),
           {values.begin(), values.end()},
           view.metadata.empty() ? "" : std::string(view.metadata[i])}
      );
    }
    if (!read) file.error = read.error();
    more = read && *read;
  }
  file.total = (*source)->total();
  file.bytes_read = (*source)->bytes_read();
  return file;
}

[[nodiscard]] inline ReadFile read_all(
    const std::string& type, std::string bytes, std::uint32_t dimension
) {
  PiecewiseBytes source(std::move(bytes));
  return read_all(type, source, dimension);
}

template <typename T>
[[nodiscard]] std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// An NPY file with the dictionary and the payload given; version 1, 2 or 3.
[[nodiscard]] inline std::string npy(
    const std::string& dictionary, const std::string& payload, int version = 1
) {
  std::string file = "\x93NUMPY";
  file.push_back(static_cast<char>(version));
  file.push_back('\0');
  const std::string header = dictionary + "\n";
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file.push_back(static_cast<char>(header.size() >> (8 * i)));
  return file + header + payload;
}
[[nodiscard]] inline std::string npy_dictionary(
    const std::string& shape, const std::string& descr = "<f4", const std::string& order = "False"
) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

/// Rows of fvecs: the dimension as an i32, then the values.
[[nodiscard]] inline std::string fvecs(const std::vector<std::vector<float>>& rows) {
  std::string file;
  for (const auto& row : rows) {
    file += raw(std::vector<std::int32_t>{static_cast<std::int32_t>(row.size())});
    file += raw(row);
  }
  return file;
}

/// Rows of bvecs: the dimension as an i32, then the values, a byte each.
[[nodiscard]] inline std::string bvecs(const std::vector<std::vector<std::uint8_t>>& rows) {
  std::string file;
  for (const auto& row : rows) {
    file += raw(std::vector<std::int32_t>{static_cast<std::int32_t>(row.size())});
    file += raw(row);
  }
  return file;
}

}  // namespace mlgraph::testing
