#pragma once
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace mlgraph::sim {

/// What happened in a run, line by line, and the first rule that was broken. Two runs of one seed
/// write the same text.
class Transcript {
 public:
  template <typename... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), "{:>5} ", step_);
    fmt::format_to(std::back_inserter(text_), text, std::forward<Args>(args)...);
    text_ += '\n';
  }
  /// The first violation stands; the run ends with it.
  template <typename... Args>
  void violation(fmt::format_string<Args...> text, Args&&... args) {
    if (!violation_.empty()) return;
    violation_ = fmt::format(text, std::forward<Args>(args)...);
    note("VIOLATION {}", violation_);
  }
  void next_step() { ++step_; }

  [[nodiscard]] bool broken() const { return !violation_.empty(); }
  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string_view last_lines(std::size_t count) const {
    std::size_t at = text_.size();
    for (; count > 0 && at != std::string::npos && at > 0; --count)
      at = at >= 2 ? text_.rfind('\n', at - 2) + 1 : 0;
    return std::string_view(text_).substr(at);
  }

 private:
  std::size_t step_ = 0;
  std::string text_;
  std::string violation_;
};

}  // namespace mlgraph::sim
