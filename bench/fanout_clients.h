#pragma once
// Tens of thousands of WebSocket sessions on one thread that spend little on each message: they
// read into one buffer and look at messages in place. Not part of the product; swarm.h is the
// simpler one, for programs that do not count every message.
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <vector>

#include "fanout_meter.h"
#include "fanout_stream.h"
#include "swarm.h"

namespace bench {

/// What the sessions of FanoutClients tell.
class FanoutUser {
 public:
  virtual ~FanoutUser() = default;
  /// A message of a ready session; `read_ns` is when its bytes came from the kernel.
  virtual void on_text(std::size_t number, std::string_view text, std::uint64_t read_ns) = 0;
  /// All messages of one read have been told of.
  virtual void on_read(std::size_t number) = 0;
  /// `was_ready`: its subscription had been answered.
  virtual void on_end(std::size_t number, bool was_ready) = 0;
};

/// Sessions under the caller's numbers. A session upgrades, then sends its first messages, and is
/// ready when it is told "subscribed" (at once where it has no first messages).
class FanoutClients {
 public:
  struct Options {
    int port = 0;
    bool tls = false;
  };

  FanoutClients(Options options, FanoutUser& user)
      : options_(options), user_(user), tls_(options.tls ? make_tls_context() : TlsContext()) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~FanoutClients() { ::close(epoll_); }
  FanoutClients(const FanoutClients&) = delete;
  FanoutClients& operator=(const FanoutClients&) = delete;

  [[nodiscard]] std::size_t opening() const { return opening_; }
  [[nodiscard]] std::size_t ready() const { return ready_; }

  /// Connects and upgrades; `first` are frames.
  void open(std::size_t number, std::string first) {
    if (sessions_.size() <= number) sessions_.resize(number + 1);
    const int fd = dial(options_.port, number);
    if (fd < 0) return user_.on_end(number, false);
    ++opening_;
    Session& session = sessions_[number];
    session.stream = FanoutStream(fd, tls_.get());
    session.first = std::move(first);
    watch(number, EPOLL_CTL_ADD, EPOLLIN);
    send(
        number,
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
  }
  void send(std::size_t number, std::string_view frames) {
    sessions_[number].out += frames;
    flush(number);
  }
  /// One round of waiting and reading; returns the number of sessions that were ready.
  int turn(std::uint64_t wait_ns) {
    const timespec wait{
        static_cast<time_t>(wait_ns / 1'000'000'000U), static_cast<long>(wait_ns % 1'000'000'000U)};
    const int n =
        epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &wait, nullptr);
    for (int i = 0; i < n; ++i) {
      const auto& event = events_[static_cast<std::size_t>(i)];
      const auto number = static_cast<std::size_t>(event.data.u64);
      if (!sessions_[number].out.empty()) flush(number);
      if (event.events & ~std::uint32_t{EPOLLOUT}) read(number);
    }
    return n;
  }

 private:
  enum class Phase : std::uint8_t { kUpgrading, kSubscribing, kReady };
  struct Session {
    FanoutStream stream;
    Phase phase = Phase::kUpgrading;
    bool full = false;  ///< the socket takes no more: epoll tells when it does
    std::string first;
    std::string in;   ///< an incomplete frame
    std::string out;  ///< not yet taken by the kernel
  };

  [[nodiscard]] bool is_open(std::size_t number) const {
    return sessions_[number].stream.fd() >= 0;
  }
  void watch(std::size_t number, int operation, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    epoll_ctl(epoll_, operation, sessions_[number].stream.fd(), &event);
  }
  void end(std::size_t number) {
    const bool was_ready = sessions_[number].phase == Phase::kReady;
    --(was_ready ? ready_ : opening_);
    sessions_[number] = Session();
    user_.on_end(number, was_ready);
  }
  void become_ready(Session& session) {
    session.phase = Phase::kReady;
    --opening_;
    ++ready_;
  }

  void flush(std::size_t number) {
    Session& session = sessions_[number];
    while (!session.out.empty()) {
      const ssize_t n = session.stream.write_some(session.out);
      if (n == FanoutStream::kEnded) return end(number);
      if (n == FanoutStream::kNothing) break;
      session.out.erase(0, static_cast<std::size_t>(n));
    }
    const bool full = !session.out.empty() && session.stream.wants_writable();
    if (full == session.full) return;
    session.full = full;
    watch(number, EPOLL_CTL_MOD, full ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void read(std::size_t number) {
    while (is_open(number)) {
      Session& session = sessions_[number];
      const std::size_t kept = session.in.copy(buffer_.data(), session.in.size());
      const std::span<char> room = std::span(buffer_).subspan(kept);
      const ssize_t n = session.stream.read_some(room);
      if (n == FanoutStream::kEnded) return end(number);
      if (n == FanoutStream::kNothing) return;
      const std::string_view bytes(buffer_.data(), kept + static_cast<std::size_t>(n));
      const std::size_t used = take(number, bytes, now_ns());
      if (!is_open(number)) return;
      if (kept > 0 || used < bytes.size()) session.in = bytes.substr(used);
      user_.on_read(number);
      if (!session.stream.is_tls()) return;  // TLS may hold more, which epoll does not know
    }
  }

  /// Handles every whole message; returns the bytes of those.
  std::size_t take(std::size_t number, std::string_view in, std::uint64_t read_ns) {
    std::size_t used = 0;
    if (sessions_[number].phase == Phase::kUpgrading) {
      const auto head = in.find("\r\n\r\n");
      if (head == std::string_view::npos) return 0;
      if (!in.starts_with("HTTP/1.1 101")) {
        end(number);
        return 0;
      }
      used = head + 4;
      on_upgraded(number);
    }
    while (is_open(number)) {
      const std::string_view rest = in.substr(used);
      if (rest.size() < 2) break;
      std::uint64_t length = static_cast<unsigned char>(rest[1]);
      const std::size_t head = length == 126 ? 4 : length == 127 ? 10 : 2;
      if (rest.size() < head) break;
      if (head > 2) {
        length = 0;
        for (std::size_t i = 2; i < head; ++i)
          length = length << 8 | static_cast<unsigned char>(rest[i]);
      }
      if (rest.size() < head + length) break;
      used += head + static_cast<std::size_t>(length);
      on_frame(number, rest[0] & 15, rest.substr(head, static_cast<std::size_t>(length)), read_ns);
    }
    return used;
  }
  void on_upgraded(std::size_t number) {
    Session& session = sessions_[number];
    if (session.first.empty()) return become_ready(session);
    session.phase = Phase::kSubscribing;
    send(number, std::exchange(session.first, {}));
  }
  void on_frame(std::size_t number, int opcode, std::string_view payload, std::uint64_t read_ns) {
    Session& session = sessions_[number];
    if (opcode == 1 && session.phase == Phase::kReady)
      return user_.on_text(number, payload, read_ns);
    if (opcode == 1 && payload.find("\"subscribed\"") != std::string_view::npos)
      return become_ready(session);
    if (opcode == 1 && payload.find("\"error\"") != std::string_view::npos)
      die("the server answered " + std::string(payload));
    if (opcode == 8) return end(number);
    if (opcode == 9) send(number, std::string("\x8a\x80\0\0\0\0", 6));
  }

  const Options options_;
  FanoutUser& user_;
  const TlsContext tls_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Session> sessions_;
  std::vector<epoll_event> events_ = std::vector<epoll_event>(1'024);
  std::vector<char> buffer_ = std::vector<char>(1 << 18);
  std::size_t opening_ = 0, ready_ = 0;
};

}  // namespace bench
