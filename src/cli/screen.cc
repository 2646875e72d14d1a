#include "cli/screen.h"

#include <array>
#include <atomic>
#include <csignal>
#include <sys/ioctl.h>

#include <termios.h>
#include <unistd.h>

#include "cli/output.h"

namespace mlgraph::cli {
namespace {

// \x1b[?1049h alternate screen, ?25l without cursor, ?7l no wrapping
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

// Global, because a crash knows nothing else.
termios saved_modes{};
std::atomic<bool> entered{false};

void write_now(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// Async-signal-safe: write and tcsetattr are.
void give_back() {
  if (!entered.exchange(false)) return;
  write_now(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_modes);
}

extern "C" void on_crash(int signal) {
  give_back();
  std::signal(signal, SIG_DFL);
  static_cast<void>(std::raise(signal));
}

}  // namespace

Screen::Screen() {
  for (const int crash : kCrashes) std::signal(crash, on_crash);
  enter();
}

Screen::~Screen() { leave(); }

void Screen::enter() {
  ::tcgetattr(STDIN_FILENO, &saved_modes);
  termios modes = saved_modes;
  modes.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  modes.c_cc[VMIN] = 0;
  modes.c_cc[VTIME] = 0;
  entered = true;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
  write_now(kEnter);
}

void Screen::leave() { give_back(); }

FrameSize Screen::size() {
  constexpr std::size_t kColumns = 80;
  constexpr std::size_t kRows = 24;
  winsize found{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col == 0)
    return {kColumns, kRows};
  return {found.ws_col, found.ws_row};
}

bool Screen::draw(const std::vector<std::string>& lines) {
  std::string frame = "\x1b[H";
  for (std::size_t at = 0; at < lines.size(); ++at)
    frame += (at > 0 ? "\n" : "") + lines[at] + "\x1b[K";
  frame += "\x1b[J";
  Output out;
  return out.put(frame);
}

void Screen::suspend() {
  leave();
  static_cast<void>(std::raise(SIGSTOP));
  enter();
}

}  // namespace mlgraph::cli
