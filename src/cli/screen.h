#pragma once
// The whole terminal, for as long as somebody looks.
#include <string>
#include <vector>

#include "cli/top_frame.h"

namespace mlgraph::cli {

/// The alternate screen without a cursor, keys as they are pressed. The terminal is given back as
/// it was when this ends, when the process is stopped by Ctrl-Z, and when it crashes. Threads
/// confined; at most one at a time.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  [[nodiscard]] static FrameSize size();
  /// false: nobody takes it any more.
  [[nodiscard]] bool draw(const std::vector<std::string>& lines);
  /// Gives the terminal back, stops the process as Ctrl-Z does, and takes it again once it goes on.
  void suspend();

 private:
  static void enter();
  static void leave();
};

}  // namespace mlgraph::cli
