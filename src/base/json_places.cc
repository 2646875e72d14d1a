#include "base/json_places.h"

#include <charconv>
#include <cstdint>

namespace mlgraph::base {
namespace {

constexpr std::string_view kNumberBytes = "+-.0123456789eE";

/// Behind the string that opens at `at`; npos when it does not end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return std::string_view::npos;
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

/// Behind the value at `at`; npos when it does not end.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      if (at == std::string_view::npos || depth == 0) return at;
      continue;
    }
    const bool closes = c == ']' || c == '}';
    if (depth == 0 && (closes || c == ',')) return at;
    if (c == '[' || c == '{') ++depth;
    ++at;
    if (closes && --depth == 0) return at;
  }
  return std::string_view::npos;
}

bool is_out_of_range(std::string_view number) {
  const char* const end = number.data() + number.size();
  if (number.find_first_of(".eE") != std::string_view::npos) {
    double value = 0;
    return std::from_chars(number.data(), end, value).ec == std::errc::result_out_of_range;
  }
  std::int64_t integer = 0;
  std::uint64_t natural = 0;
  return std::from_chars(number.data(), end, integer).ec == std::errc::result_out_of_range &&
         std::from_chars(number.data(), end, natural).ec != std::errc();
}

}  // namespace

std::optional<std::size_t> place_of_depth(std::string_view text, std::size_t depth_max) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if ((c == '[' || c == '{') && ++depth > depth_max) return at;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    ++at;
  }
  return std::nullopt;
}

std::optional<std::size_t> place_of_number(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (text[at] != '-' && (text[at] < '0' || text[at] > '9')) {
      ++at;
      continue;
    }
    const auto end = std::min(text.find_first_not_of(kNumberBytes, at), text.size());
    if (is_out_of_range(text.substr(at, end - at))) return at;
    at = end;
  }
  return std::nullopt;
}

std::optional<std::string_view> readable_member(std::string_view text, std::string_view key) {
  std::size_t at = skip_blanks(text, 0);
  if (at == text.size() || text[at] != '{') return std::nullopt;
  do {
    const auto name = skip_blanks(text, at + 1);
    if (name == text.size() || text[name] != '"') return std::nullopt;
    const auto name_end = end_of_string(text, name);
    if (name_end == std::string_view::npos) return std::nullopt;
    const auto colon = skip_blanks(text, name_end);
    if (colon == text.size() || text[colon] != ':') return std::nullopt;
    const auto value = skip_blanks(text, colon + 1);
    const auto end = end_of_value(text, value);
    if (end == std::string_view::npos) return std::nullopt;
    if (text.substr(name + 1, name_end - name - 2) == key) {
      auto found = text.substr(value, end - value);
      while (!found.empty() && skip_blanks(found.substr(found.size() - 1), 0) == 1)
        found.remove_suffix(1);
      return found;
    }
    at = skip_blanks(text, end);
  } while (at < text.size() && text[at] == ',');
  return std::nullopt;
}

}  // namespace mlgraph::base
