#include "base/json_numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace mlgraph::base {
namespace {

constexpr std::size_t kDepthMax = 64;
constexpr std::string_view kNoFiniteFloat = "1e39";
constexpr std::size_t kAlwaysFits = 18;  // digits of a number without exponent

bool fits_64_bits(std::string_view digits) {
  std::int64_t signed_value = 0;
  std::uint64_t unsigned_value = 0;
  const char* end = digits.data() + digits.size();
  return std::from_chars(digits.data(), end, signed_value).ec == std::errc{} ||
         std::from_chars(digits.data(), end, unsigned_value).ec == std::errc{};
}

/// What stands for a token that no parser takes as a number; empty: it stays as it is.
std::string mended(std::string_view token) {
  const bool negative = token.starts_with('-');
  std::string no_float = (negative ? "-" : "") + std::string(kNoFiniteFloat);
  const auto size = token.substr(negative ? 1 : 0);
  if (size == "Infinity" || token == "NaN") return no_float;
  if (size.empty() || size.find_first_not_of("0123456789+-.eE") != std::string_view::npos)
    return {};
  if (size.size() <= kAlwaysFits && size.find_first_of("eE") == std::string_view::npos) return {};
  const std::string text(token);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size()) return {};
  if (std::isinf(value)) return no_float;
  const bool whole = size.find_first_not_of("0123456789") == std::string_view::npos;
  return whole && !fits_64_bits(token) ? text + "e0" : std::string();
}

/// Follows the text from token to token and knows where in the tree it is.
class Mender {
 public:
  Mender(std::string_view text, std::span<const std::string_view> places)
      : text_(text), places_(places) {}

  std::optional<std::string> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '{' || c == '[') {
        if (containers_.size() == kDepthMax) return std::nullopt;
        containers_.push_back({c == '{', path_.size()});
        if (c == '[') path_ += "[]";
        key_next_ = c == '{';
        ++at_;
      } else if (c == '}' || c == ']') {
        if (containers_.empty()) return std::nullopt;
        path_.resize(containers_.back().path_size);
        containers_.pop_back();
        ++at_;
      } else if (c == ',') {
        key_next_ = !containers_.empty() && containers_.back().is_object;
        if (key_next_) path_.resize(containers_.back().path_size);
        ++at_;
      } else if (c == '"') {
        take_string();
      } else if (c == '-' || c == 'N' || c == 'I' || (c >= '0' && c <= '9')) {
        take_number();
      } else {
        ++at_;
      }
    }
    if (!changed_) return std::nullopt;
    return out_.append(text_.substr(kept_));
  }

 private:
  struct Container {
    bool is_object;
    std::size_t path_size;  ///< of the path to it
  };

  void take_string() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_, text_.size());
    if (key_next_) {
      if (!path_.empty()) path_ += '.';
      path_ += text_.substr(begin, at_ - begin);
      key_next_ = false;
    }
    ++at_;
  }

  void take_number() {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(",]}: \t\r\n\"[{", at_), text_.size());
    if (std::find(places_.begin(), places_.end(), path_) == places_.end()) return;
    const std::string instead = mended(text_.substr(begin, at_ - begin));
    if (instead.empty()) return;
    out_.append(text_.substr(kept_, begin - kept_)).append(instead);
    kept_ = at_;
    changed_ = true;
  }

  const std::string_view text_;
  const std::span<const std::string_view> places_;
  std::size_t at_ = 0;
  std::size_t kept_ = 0;  ///< text before it is in out_
  std::string out_;
  bool changed_ = false;
  std::string path_;
  std::vector<Container> containers_;
  bool key_next_ = false;
};

}  // namespace

std::optional<std::string> with_readable_numbers(
    std::string_view text, std::span<const std::string_view> places
) {
  return Mender(text, places).run();
}

}  // namespace mlgraph::base
