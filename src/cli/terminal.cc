#include "cli/terminal.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

namespace mlgraph::cli {

Terminal::Terminal() : is_terminal_(isatty(STDOUT_FILENO) == 1) {
  const char* no_color = std::getenv("NO_COLOR");
  color_ = is_terminal_ && (!no_color || !*no_color);
}

std::string Terminal::paint(Color color, std::string_view text) const {
  static constexpr std::array<const char*, 8> kCodes = {
      "", "2", "32", "33", "31", "34", "36", "35"};
  if (!color_ || color == Color::kNone) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes.at(static_cast<std::size_t>(color)), text);
}

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string human_bytes(double bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, kUnits.at(unit));
}

std::string human_seconds(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole >= 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

}  // namespace mlgraph::cli
