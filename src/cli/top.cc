// mlgraph top: the server at a glance, live.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <sys/signalfd.h>
#include <thread>

#include <poll.h>
#include <unistd.h>

#include "base/mutex.h"
#include "cli/api.h"
#include "cli/families.h"
#include "cli/program.h"
#include "cli/screen.h"
#include "cli/stream_notes.h"
#include "cli/top_frame.h"
#include "cli/top_model.h"

namespace mlgraph::cli {
namespace {

using client::StreamMessage;
using client::StreamStatus;
using client::Take;

constexpr int kRedrawMs = 250;

struct Top {
  bool once = false;
};

/// The stream on a thread of its own, and what it adds up to.
class LiveModel {
 public:
  LiveModel(const Context& context, bool once)
      : once_(once), stream_(context.connection, options(context)) {}

  base::Result<void> run() {
    auto outcome = stream_.run(
        [this](const StreamMessage& message) { return take(message); },
        [this](const StreamStatus& status) { on_status(status); }
    );
    base::MutexLock lock(mutex_);
    ended_ = true;
    if (unreachable_) return tl::unexpected(*unreachable_);
    return outcome;
  }
  void stop() { stream_.stop(); }
  [[nodiscard]] std::vector<std::string> frame(const Terminal& terminal, const FrameSize& size) {
    base::MutexLock lock(mutex_);
    return top_frame(model_, terminal, size);
  }
  [[nodiscard]] bool ended() {
    base::MutexLock lock(mutex_);
    return ended_;
  }

 private:
  static client::StreamOptions options(const Context& context) {
    auto options = context.stream_options();
    options.state = true;
    return options;
  }

  Take take(const StreamMessage& message) {
    base::MutexLock lock(mutex_);
    model_.take(message.type, *message.json);
    const bool whole = model_.has_state() && !model_.system().is_null();
    // A state without a sample of the system is one of a token that may not see it.
    const bool enough = whole || (model_.has_state() && message.type != "state");
    return once_ && enough ? Take::kLast : Take::kMore;
  }

  void on_status(const StreamStatus& status) {
    base::MutexLock lock(mutex_);
    if (status.kind == StreamStatus::Kind::kConnected) {
      was_connected_ = true;
      model_.set_connected(true);
    } else if (status.kind == StreamStatus::Kind::kDisconnected) {
      model_.set_connected(false, status.reason);
      if (was_connected_ || !status.unreachable) return;
      unreachable_ = base::Error{
          base::ErrorCode::kInternal, "cannot reach the server: " + status.reason, {}, {}};
      stream_.stop();
    }
  }

  const bool once_;
  client::EventStream stream_;
  base::Mutex mutex_;
  TopModel model_ MLG_GUARDED_BY(mutex_);
  bool was_connected_ MLG_GUARDED_BY(mutex_) = false;
  bool ended_ MLG_GUARDED_BY(mutex_) = false;
  std::optional<base::Error> unreachable_ MLG_GUARDED_BY(mutex_);
};

int print_once(const Context& context) {
  LiveModel live(context, true);
  if (const auto outcome = live.run(); !outcome) return report(outcome.error());
  FrameSize size;
  if (context.terminal.is_terminal()) size.columns = Screen::size().columns;
  if (const char* columns = std::getenv("COLUMNS"))
    size.columns = std::max<std::size_t>(20, std::strtoul(columns, nullptr, 10));
  std::string text;
  for (const auto& line : live.frame(context.terminal, size)) text += line + "\n";
  return emit(text);
}

/// Keys and signals, until one of them ends it.
/// returns  the signal, or 0
int look(const Context& context, LiveModel& live, int signals) {
  Screen screen;
  for (;;) {
    if (live.ended() || !screen.draw(live.frame(context.terminal, Screen::size()))) return 0;
    std::array<pollfd, 2> ready{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), kRedrawMs) <= 0) continue;
    if (ready[1].revents & POLLIN) {
      signalfd_siginfo info{};
      if (::read(signals, &info, sizeof info) != sizeof info) continue;
      const auto signal = static_cast<int>(info.ssi_signo);
      if (signal == SIGTSTP)
        screen.suspend();
      else if (signal != SIGWINCH && signal != SIGCONT)
        return signal;
    }
    if (ready[0].revents != 0) {
      char key = 0;
      const auto n = ::read(STDIN_FILENO, &key, 1);
      const bool gone = n < 0 || (n == 0 && (ready[0].revents & POLLHUP) != 0);
      if (gone || (n == 1 && (key == 'q' || key == 'Q'))) return 0;
    }
  }
}

int top(const Context& context, const Top& what) {
  if (what.once && context.json)
    return get_and_show(context, api_path({"state"}), [](const auto&, const auto&) { return ""; });
  if (what.once) return print_once(context);
  if (!context.terminal.is_terminal() || isatty(STDIN_FILENO) != 1)
    return report(
        {base::ErrorCode::kInvalidValue,
         "top needs a terminal; --once prints one frame without",
         {},
         {}}
    );
  // Blocked before any thread begins, so that only the loop hears of them.
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGCONT})
    sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);

  LiveModel live(context, false);
  base::Result<void> outcome;
  std::thread streaming([&] { outcome = live.run(); });
  const int signal = look(context, live, signals);
  live.stop();
  streaming.join();
  ::close(signals);
  if (!outcome) return report(outcome.error());
  return signal == 0 || signal == SIGINT ? kOk : kSignalled + signal;
}

}  // namespace

void add_top(Program& program) {
  const auto what = std::make_shared<Top>();
  auto command = program.command(
      program.root(),
      "top",
      "the server at a glance, live: load, indices, running jobs, alerts; q ends it",
      [what](const Context& context) { return top(context, *what); }
  );
  command.add_flag("--once", what->once, "print it once, as text");
}

}  // namespace mlgraph::cli
