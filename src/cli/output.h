#pragma once
#include <string>
#include <string_view>

namespace mlgraph::cli {

/// Standard output for commands that go on for long: line by line, past every buffer of our own, so
/// that it is known which lines have been taken.
/// Threads  confined.
class Output {
 public:
  /// From here on a reader that has gone is a failure of line(), not the process's end.
  Output();
  /// Writes `text` and a line end, waiting as long as the reader does. false: the reader is gone,
  /// or the disk behind it is full; nothing more is written then.
  [[nodiscard]] bool line(std::string_view text);
  /// As line(), without the line end.
  [[nodiscard]] bool put(std::string_view text);
  [[nodiscard]] bool failed() const { return error_ != 0; }
  /// Nobody reads any more: no failure that anybody wants to hear of (`mlgraph watch | head`).
  [[nodiscard]] bool reader_gone() const;
  [[nodiscard]] std::string failure() const;

 private:
  int error_ = 0;
};

/// Waits as long as it takes. 0, or the errno of a write that can no longer succeed.
[[nodiscard]] int write_all(int descriptor, std::string_view bytes);

/// A line on standard error, whether anybody reads it or not.
void note(std::string_view text);

/// A standard stream that was closed before we began would be reopened by our first socket, and our
/// output sent to the server: it is replaced by one that fails.
void guard_standard_streams();

}  // namespace mlgraph::cli
