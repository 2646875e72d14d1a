#include "gateway/auth/token_expiry.h"

#include <charconv>
#include <chrono>

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail_at;
using base::Result;
using base::Timestamp;

namespace {

constexpr std::uint64_t kSecondsMax = std::uint64_t{100} * 365 * 86'400;
constexpr Timestamp kLast{253'402'300'799'999};  // the year 9999 ends

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes `shape` off the front: its 'd' are digits, all else stands for itself.
bool take(std::string_view& text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  text.remove_prefix(shape.size());
  return true;
}

int number(std::string_view text, std::size_t at, std::size_t length) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + length, value);
  return value;
}

/// ".123…" as milliseconds; nothing is 0.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  std::int64_t ms = 0;
  std::size_t digits = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++digits)
    if (digits < 3) ms = ms * 10 + (text.front() - '0');
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) ms *= 10;
  return ms;
}

/// "Z", "+02:00" as minutes; it ends the text.
std::optional<int> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const int sign = text.starts_with('+') ? 1 : -1;
  std::string_view rest = text.empty() ? text : text.substr(1);
  const std::string_view digits = rest;
  if (!(text.starts_with('+') || text.starts_with('-')) || !take(rest, "dd:dd") || !rest.empty())
    return std::nullopt;
  const int hours = number(digits, 0, 2);
  const int minutes = number(digits, 3, 2);
  if (hours > 23 || minutes > 59) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

}  // namespace

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  const std::string_view all = text;
  if (!take(text, "dddd-dd-ddTdd:dd:dd") && !take(text, "dddd-dd-ddtdd:dd:dd") &&
      !take(text, "dddd-dd-dd dd:dd:dd"))
    return std::nullopt;
  const auto ms = take_fraction(text);
  const auto offset = ms ? take_offset(text) : std::nullopt;
  if (!offset) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{number(all, 0, 4)},
      std::chrono::month{static_cast<unsigned>(number(all, 5, 2))},
      std::chrono::day{static_cast<unsigned>(number(all, 8, 2))}};
  const int hour = number(all, 11, 2);
  const int minute = number(all, 14, 2);
  const int second = number(all, 17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const Timestamp at{((days * 24 + hour) * 60 + minute - *offset) * 60'000 + second * 1'000 + *ms};
  if (at > kLast) return std::nullopt;
  return at;
}

Result<Expiry> read_expiry(const base::Json& body, Timestamp now) {
  const auto* at = body.find("expires_at");
  const auto* seconds = body.find("expires_in_seconds");
  const bool in_seconds = seconds && !seconds->is_null();
  if (at && !at->is_null()) {
    if (in_seconds)
      return fail_at(
          "expires_at",
          ErrorCode::kInvalidValue,
          "expires_at and expires_in_seconds say the same thing: give one of them"
      );
    const auto parsed = at->as_string() ? parse_rfc3339(*at->as_string()) : std::nullopt;
    if (!parsed)
      return fail_at(
          "expires_at",
          ErrorCode::kInvalidValue,
          "expires_at must be null or a time like 2030-01-31T10:30:00Z"
      );
    if (*parsed <= now)
      return fail_at(
          "expires_at",
          ErrorCode::kInvalidValue,
          "expires_at {} is not in the future",
          base::format_timestamp(*parsed)
      );
    return Expiry{true, parsed};
  }
  if (!in_seconds) return Expiry{at != nullptr, std::nullopt};
  const auto value = seconds->as_uint();
  if (!value || *value < 1 || *value > kSecondsMax)
    return fail_at(
        "expires_in_seconds",
        ErrorCode::kInvalidValue,
        "expires_in_seconds must be a whole number from 1 to {}",
        kSecondsMax
    );
  return Expiry{true, Timestamp{now.ms + static_cast<std::int64_t>(*value) * 1'000}};
}

}  // namespace mlgraph::gateway
