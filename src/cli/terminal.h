#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mlgraph::cli {

enum class Color { kNone, kDim, kGreen, kYellow, kRed, kBlue, kCyan, kMagenta };

/// Colour only on a terminal, and never under NO_COLOR.
class Terminal {
 public:
  Terminal();
  explicit Terminal(bool color) : color_(color) {}
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }
  [[nodiscard]] std::string paint(Color color, std::string_view text) const;

 private:
  bool is_terminal_ = false;
  bool color_ = false;
};

/// 1234567 -> "1,234,567"; 1536000 bytes -> "1.5 MB"; 75 -> "1m15s".
[[nodiscard]] std::string with_commas(std::uint64_t number);
[[nodiscard]] std::string human_bytes(double bytes);
[[nodiscard]] std::string human_seconds(double seconds);

}  // namespace mlgraph::cli
