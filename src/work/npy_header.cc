#include "work/npy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "model/names.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

template <typename Number>
void narrow_numbers(const char* from, std::span<float> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    Number number{};
    std::memcpy(&number, from + i * sizeof number, sizeof number);
    to[i] = static_cast<float>(number);
  }
}

/// IEEE 754 binary16: a sign, 5 bits of exponent (biased by 15), 10 of fraction.
float float_of_half(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const auto fraction = static_cast<float>(half & 0x3ff);
  float size = 0;
  if (exponent == 0x1f)
    size = fraction == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    size = std::ldexp(fraction, -24);
  else
    size = std::ldexp(fraction + 1024, exponent - 25);
  return (half & 0x8000) != 0 ? -size : size;
}

void narrow_halves(const char* from, std::span<float> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, from + i * sizeof half, sizeof half);
    to[i] = float_of_half(half);
  }
}

constexpr std::array kElements = {
    NpyElement{"<f2", 2, narrow_halves},
    NpyElement{"<f4", 4, narrow_numbers<float>},
    NpyElement{"<f8", 8, narrow_numbers<double>},
    NpyElement{"|u1", 1, narrow_numbers<std::uint8_t>},
    NpyElement{"|i1", 1, narrow_numbers<std::int8_t>},
    NpyElement{"<u2", 2, narrow_numbers<std::uint16_t>},
    NpyElement{"<i2", 2, narrow_numbers<std::int16_t>},
    NpyElement{"<u4", 4, narrow_numbers<std::uint32_t>},
    NpyElement{"<i4", 4, narrow_numbers<std::int32_t>},
    NpyElement{"<u8", 8, narrow_numbers<std::uint64_t>},
    NpyElement{"<i8", 8, narrow_numbers<std::int64_t>},
};

/// `text` begins with the type's name in quotes.
Result<const NpyElement*> element_of(std::string_view text) {
  const char quote = text.empty() ? '\0' : text.front();
  text.remove_prefix(std::min<std::size_t>(1, text.size()));
  const auto name = text.substr(0, text.find(quote));
  if (quote == '\'' || quote == '"')
    for (const auto& element : kElements)
      if (element.name == name) return &element;
  return fail(
      ErrorCode::kBadRequest,
      "NPY type '{}' is none of <f2, <f4, <f8, |u1, |i1, <u2, <i2, <u4, <i4, <u8, <i8",
      model::printable(name.substr(0, 40))
  );
}

/// The text after `'key':` in the header's dictionary, blanks skipped.
std::optional<std::string_view> member(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string wanted = quote + std::string(key) + quote;
    const auto at = header.find(wanted);
    if (at == std::string_view::npos) continue;
    auto rest = header.substr(at + wanted.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (!rest.starts_with(':')) return std::nullopt;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return rest;
  }
  return std::nullopt;
}

bool take_number(std::string_view& text, std::uint64_t& number) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return true;
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view text) {
  NpyHeader header;
  const auto descr = member(text, "descr");
  const auto order = member(text, "fortran_order");
  const auto shape = member(text, "shape");
  if (!descr || !order || !shape)
    return fail(ErrorCode::kBadRequest, "the NPY header lacks descr, fortran_order or shape");
  MLG_TRY(element, element_of(*descr));
  header.element = element;
  if (!order->starts_with("False"))
    return fail(ErrorCode::kBadRequest, "the NPY array is in Fortran order, only C order is read");
  auto rest = *shape;
  const bool ok = rest.starts_with('(') &&
                  (rest.remove_prefix(1), take_number(rest, header.rows)) &&
                  rest.starts_with(',') && (rest.remove_prefix(1), take_number(rest, header.dim)) &&
                  (rest.starts_with(')') || rest.starts_with(",)"));
  if (!ok)
    return fail(
        ErrorCode::kBadRequest,
        "the NPY shape '{}' is not (rows, dimension)",
        model::printable(shape->substr(0, 40))
    );
  return header;
}

std::string make_npy_header(std::uint64_t rows, std::uint64_t dim) {
  constexpr std::size_t kAlignment = 64;  // of the values, as the format asks
  constexpr std::size_t kBefore = 10;     // magic, version, size
  std::string text =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, dim);
  while ((kBefore + text.size() + 1) % kAlignment != 0) text += ' ';
  text += '\n';
  std::string header = "\x93NUMPY\x01";
  header += '\0';
  header += static_cast<char>(text.size());
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace mlgraph::work
