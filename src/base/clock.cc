#include "base/clock.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace mlgraph::base {
namespace {
// Civil-date arithmetic after Howard Hinnant's chrono notes; <chrono>'s calendar gives it directly.
std::chrono::year_month_day civil(std::int64_t days) {
  return std::chrono::sys_days{std::chrono::days{days}};
}
}  // namespace

std::string format_timestamp(Timestamp at) {
  constexpr std::int64_t kDayMs = 86'400'000;
  std::int64_t days = at.ms / kDayMs;
  std::int64_t rest = at.ms % kDayMs;
  if (rest < 0) {
    rest += kDayMs;
    --days;
  }
  const auto date = civil(days);
  return fmt::format(
      "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
      static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()),
      rest / 3'600'000,
      rest / 60'000 % 60,
      rest / 1000 % 60,
      rest % 1000
  );
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t length) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + length, value);
    return value;
  };
  const std::chrono::year_month_day date{
      std::chrono::year{number(0, 4)},
      std::chrono::month{static_cast<unsigned>(number(5, 2))},
      std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59)
    return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return Timestamp{
      ((days * 24 + number(11, 2)) * 60 + number(14, 2)) * 60'000 + number(17, 2) * 1000 +
      number(20, 3)};
}

Timestamp SystemClock::wall_now() const {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::system_clock::now().time_since_epoch()
  )
              .count()};
}

SteadyTime SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

}  // namespace mlgraph::base
