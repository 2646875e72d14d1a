// The least that fan-out can cost: what fanout_server is compared with.
//   bare_fanout --port P [--flush batch|uring]
// One thread and one epoll; no limits, no patterns but "metrics.system", no journal. Each
// {"type":"publish","data":…} becomes one event frame, encoded once, of the layout that
// fanout_server sends. A turn reads all that is ready and ends with one send of all its events for
// each subscriber.
#include <cerrno>
#include <csignal>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "bare_sender.h"
#include "bare_sessions.h"
#include "bare_websocket.h"

namespace {

using bench::BareSessions;
using bench::ClientFrame;
using Phase = bench::BareSessions::Phase;

constexpr std::string_view kPublish = R"({"type":"publish","data":)";
constexpr std::string_view kEvent = R"({"type":"metrics.system","timestamp":")";
constexpr int kSendBuffer = 192 * 1024;  // as the gateway's

/// 2026-11-25T07:00:00.123Z
std::string timestamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%FT%T", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03ldZ", now.tv_nsec / 1'000'000);
  return text;
}

std::string answer(std::string_view type, std::string_view request) {
  const auto ref = request.find("\"ref\":");
  std::string text =
      R"({"type":")" + std::string(type) + R"(","timestamp":")" + timestamp() + R"(","data":{})";
  if (ref == std::string_view::npos) return text + '}';
  return text + ',' + std::string(request.substr(ref, request.find_first_of(",}", ref) - ref)) +
         '}';
}

/// A listening socket, from which each session inherits its options.
int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || listen(fd, SOMAXCONN) != 0)
    bench::die("cannot listen on port " + std::to_string(port));
  return fd;
}

int port_of(int fd) {
  sockaddr_in at{};
  socklen_t length = sizeof at;
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length);
  return ntohs(at.sin_port);
}

unsigned raise_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<unsigned>(limit.rlim_max);
}

class BareServer {
 public:
  BareServer(int listener, bench::Sender& sender) : listener_(listener), sessions_(epoll_, sender) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener, &event);
  }

  void turn() {
    const int n = epoll_wait(epoll_, ready_.data(), static_cast<int>(ready_.size()), -1);
    for (int i = 0; i < n; ++i) {
      const auto& event = ready_[static_cast<std::size_t>(i)];
      if (event.data.fd == listener_) {
        accept_all();
      } else {
        if (event.events & EPOLLOUT) sessions_.on_writable(event.data.fd);
        if (event.events & ~std::uint32_t{EPOLLOUT}) read_all(event.data.fd);
      }
    }
    flush();
  }

 private:
  void flush() {
    if (events_.empty()) return;
    sessions_.send_to_subscribers(events_);
    events_.clear();
  }

  void accept_all() {
    for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;)
      sessions_.open(fd);
  }

  void read_all(int fd) {
    while (sessions_.phase(fd) != Phase::kFree) {
      const std::string kept = sessions_.take_input(fd);
      kept.copy(in_.data(), kept.size());
      const std::size_t room = in_.size() - kept.size();
      const ssize_t n = recv(fd, in_.data() + kept.size(), room, MSG_DONTWAIT);
      const bool nothing = n < 0 && (errno == EAGAIN || errno == EINTR);
      if (n <= 0 && !nothing) return sessions_.cut(fd);
      const std::size_t bytes = kept.size() + static_cast<std::size_t>(nothing ? 0 : n);
      const std::size_t used = take(fd, {in_.data(), bytes});
      if (sessions_.phase(fd) == Phase::kFree) return;
      if (used < bytes) sessions_.keep_input(fd, {in_.data() + used, bytes - used});
      if (n < static_cast<ssize_t>(room)) return;
    }
  }

  /// Handles every whole message; returns the bytes of those.
  std::size_t take(int fd, std::span<char> in) {
    std::size_t used = 0;
    if (sessions_.phase(fd) == Phase::kUpgrading) {
      const auto end = std::string_view(in.data(), in.size()).find("\r\n\r\n");
      if (end == std::string_view::npos) return 0;
      const std::string accepted = bench::upgrade_answer(std::string(in.data(), end + 4));
      if (accepted.empty()) {
        sessions_.cut(fd);
        return 0;
      }
      sessions_.on_upgraded(fd);
      sessions_.write(fd, accepted);
      used = end + 4;
    }
    while (sessions_.phase(fd) != Phase::kFree) {
      const ClientFrame frame = bench::take_frame(in.subspan(used));
      if (frame.kind == ClientFrame::Kind::kIncomplete) return used;
      if (frame.kind == ClientFrame::Kind::kRefused || frame.opcode == bench::kCloseFrame) {
        sessions_.cut(fd);
        break;
      }
      used += frame.bytes;
      if (frame.opcode == bench::kTextFrame) on_text(fd, frame.payload);
      if (frame.opcode == bench::kPingFrame)
        sessions_.write(fd, bench::server_frame(bench::kPongFrame, frame.payload));
    }
    return used;
  }

  void on_text(int fd, std::string_view text) {
    if (text.starts_with(kPublish)) return publish(text.substr(kPublish.size()));
    if (text.find(R"("type":"auth")") != std::string_view::npos)
      return sessions_.write(
          fd, bench::server_frame(bench::kTextFrame, answer("authenticated", text))
      );
    if (text.find(R"("type":"subscribe")") == std::string_view::npos) return;
    flush();  // what came before is not for this session
    sessions_.write(fd, bench::server_frame(bench::kTextFrame, answer("subscribed", text)));
    if (text.find(R"("metrics.system")") != std::string_view::npos) sessions_.subscribe(fd);
  }

  /// `tail` is the data and the publish message's closing brace, which closes the event too.
  void publish(std::string_view tail) {
    const std::string now = timestamp();
    constexpr std::string_view kData = R"(","data":)";
    bench::append_frame_head(
        events_, bench::kTextFrame, kEvent.size() + now.size() + kData.size() + tail.size()
    );
    (((events_ += kEvent) += now) += kData) += tail;
  }

  const int listener_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  BareSessions sessions_;
  std::string events_;  ///< this turn's frames
  std::vector<epoll_event> ready_ = std::vector<epoll_event>(1'024);
  std::vector<char> in_ = std::vector<char>(2 * bench::kClientFrameBytesMax);
};

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  std::string flush = "batch";
  CLI::App app("The least that fan-out can cost.");
  app.add_option("--port", port, "0 picks one");
  app.add_option("--flush", flush, "batch or uring");
  CLI11_PARSE(app, argc, argv);
  const auto sender = bench::make_sender(flush, raise_descriptors());
  const int listener = listen_on(port);
  std::printf("bare_fanout listening on http://127.0.0.1:%d\n", port_of(listener));
  std::fflush(stdout);
  BareServer server(listener, *sender);
  for (;;) server.turn();
}
