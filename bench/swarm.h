#pragma once
// Many WebSocket sessions on one thread, for load programs: connect, upgrade with the token, send
// pipelined requests, tell of each message. Not part of the product.
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <vector>

#include "load_client.h"

namespace bench {

/// A client's text frame; a mask of zeros is legal and leaves the payload as it is.
inline std::string masked_text(std::string_view payload) {
  std::string frame = "\x81";
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 255);
  }
  frame += std::string(4, '\0');
  frame += payload;
  return frame;
}

inline std::string subscribe_request(const std::string& pattern, const std::string& since = {}) {
  return R"({"type":"subscribe","channels":[")" + pattern + "\"]" +
         (since.empty() ? "" : ",\"since\":\"" + since + "\"") + R"(,"ref":"s"})";
}

/// The number behind the last '-' of a message's "id", or 0.
inline std::uint64_t seq_of(std::string_view json) {
  const auto id = json.rfind("\"id\":\"");
  if (id == std::string_view::npos) return 0;
  const auto dash = json.find('-', id);
  return dash == std::string_view::npos ? 0 : std::strtoull(json.data() + dash + 1, nullptr, 10);
}

class Swarm {
 public:
  struct Options {
    int port = 0;
    std::string token;
    int receive_buffer = 0;  ///< SO_RCVBUF; 0: the system's
  };
  enum class End { kClosed, kRefused };
  /// `number` is the caller's own name of a session.
  using OnMessage = std::function<void(std::size_t number, std::string_view json)>;
  using OnEnd = std::function<void(std::size_t number, End end)>;

  Swarm(Options options, OnMessage on_message, OnEnd on_end)
      : options_(std::move(options)),
        on_message_(std::move(on_message)),
        on_end_(std::move(on_end)) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~Swarm() {
    for (auto& session : sessions_)
      if (session.fd >= 0) ::close(session.fd);
    ::close(epoll_);
  }
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  /// Begins to connect; `request` is sent with the upgrade.
  void open(std::size_t number, std::string_view request) {
    if (sessions_.size() <= number) sessions_.resize(number + 1);
    Session& session = sessions_[number];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) die("no descriptor is left");
    if (options_.receive_buffer > 0)
      setsockopt(
          fd, SOL_SOCKET, SO_RCVBUF, &options_.receive_buffer, sizeof options_.receive_buffer
      );
    // Several source addresses, so that ports do not run out.
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(number % 8));
    const int one = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    static_cast<void>(bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    session = {};
    session.fd = fd;
    session.out =
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Authorization: Bearer " +
        options_.token + "\r\n\r\n" + masked_text(request);
    const bool begun =
        connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 || errno == EINPROGRESS;
    if (!begun) return end(number, End::kRefused);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.u64 = number;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  void send(std::size_t number, std::string_view request) {
    send_all(sessions_[number].fd, masked_text(request));
  }
  /// Cuts the connection without a word and without on_end.
  void drop(std::size_t number) {
    Session& session = sessions_[number];
    if (session.fd >= 0) ::close(session.fd);
    session = {};
  }
  /// From now on nothing is read from the session.
  void stall(std::size_t number) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, sessions_[number].fd, nullptr);
  }
  [[nodiscard]] bool is_open(std::size_t number) const {
    return number < sessions_.size() && sessions_[number].fd >= 0;
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// One round of waiting and reading.
  void turn(int wait_ms) {
    epoll_event events[512];
    const int n = epoll_wait(epoll_, events, 512, wait_ms);
    for (int i = 0; i < n; ++i) {
      const auto number = static_cast<std::size_t>(events[i].data.u64);
      if (events[i].events & EPOLLOUT) write(number, events[i].events);
      if (sessions_[number].fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read(number);
    }
  }

 private:
  struct Session {
    int fd = -1;
    bool upgraded = false;
    std::string out, in;
  };

  void end(std::size_t number, End how) {
    drop(number);
    on_end_(number, how);
  }

  void write(std::size_t number, std::uint32_t events) {
    Session& session = sessions_[number];
    if (events & (EPOLLERR | EPOLLHUP) && !session.out.empty()) return end(number, End::kRefused);
    const ssize_t n = ::send(session.fd, session.out.data(), session.out.size(), MSG_NOSIGNAL);
    if (n < 0) return end(number, End::kRefused);
    session.out.erase(0, static_cast<std::size_t>(n));
    if (!session.out.empty()) return;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, session.fd, &event);
  }

  void read(std::size_t number) {
    const ssize_t n = recv(sessions_[number].fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return end(number, sessions_[number].upgraded ? End::kClosed : End::kRefused);
    bytes_ += static_cast<std::uint64_t>(n);
    Session* session = &sessions_[number];
    session->in.append(buffer_.data(), static_cast<std::size_t>(n));
    std::size_t at = 0;
    if (!session->upgraded) {
      const auto head = session->in.find("\r\n\r\n");
      if (head == std::string::npos) return;
      if (!session->in.starts_with("HTTP/1.1 101")) return end(number, End::kRefused);
      session->upgraded = true;
      at = head + 4;
    }
    const std::string in = std::move(session->in);
    session->in.clear();
    while (at + 2 <= in.size()) {
      std::uint64_t length = static_cast<unsigned char>(in[at + 1]);
      std::size_t head = 2;
      const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
      if (at + head + extra > in.size()) break;
      if (extra > 0) {
        length = 0;
        for (; head < 2 + extra; ++head)
          length = length << 8 | static_cast<unsigned char>(in[at + head]);
      }
      if (at + head + length > in.size()) break;
      const int opcode = in[at] & 15;
      const std::string_view payload(in.data() + at + head, length);
      at += head + length;
      if (opcode == 8) return end(number, End::kClosed);
      if (opcode == 9) send_all(sessions_[number].fd, std::string("\x8a\x80\0\0\0\0", 6));
      if (opcode == 1) on_message_(number, payload);
      if (sessions_[number].fd < 0) return;
    }
    sessions_[number].in = in.substr(at);
  }

  const Options options_;
  const OnMessage on_message_;
  const OnEnd on_end_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Session> sessions_;
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
  std::uint64_t bytes_ = 0;
};

}  // namespace bench
