#pragma once
// The connections of bare_fanout: what each still has to send, and who is at the tail of the
// stream. Not part of the product.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <vector>

#include "bare_sender.h"

namespace bench {

/// Sessions by their descriptor.
/// Invariant  tail_ holds the subscribers with nothing left to send, behind_ those with something.
/// Full       a session whose queue would pass kQueueBytesMax is cut.
class BareSessions {
 public:
  enum class Phase : std::uint8_t { kFree, kUpgrading, kOpen, kTail, kBehind };

  BareSessions(int epoll, Sender& sender) : epoll_(epoll), sender_(sender) {}

  void open(int fd) {
    const auto at = static_cast<std::size_t>(fd);
    if (sessions_.size() <= at) sessions_.resize(at + 1);
    sessions_[at] = {};
    sessions_[at].phase = Phase::kUpgrading;
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
  }
  void cut(int fd) {
    Session& session = at(fd);
    if (session.phase == Phase::kTail || session.phase == Phase::kBehind) {
      leave_list(session);
      sender_.remove(fd);
    }
    session = {};
    watch(EPOLL_CTL_DEL, fd, 0);
    ::close(fd);
  }
  [[nodiscard]] Phase phase(int fd) { return at(fd).phase; }
  void on_upgraded(int fd) { at(fd).phase = Phase::kOpen; }
  void subscribe(int fd) {
    Session& session = at(fd);
    if (session.phase != Phase::kOpen) return;
    sender_.add(fd);
    join_list(fd, session.rest && !session.rest->out.empty() ? Phase::kBehind : Phase::kTail);
  }

  /// An answer to one session.
  void write(int fd, std::string_view bytes) {
    Session& session = at(fd);
    if (session.phase == Phase::kFree) return;
    if (session.rest && !session.rest->out.empty()) return queue(fd, bytes);
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    const auto sent = static_cast<std::size_t>(n > 0 ? n : 0);
    if (sent < bytes.size()) queue(fd, bytes.substr(sent));
  }
  /// The events of one turn to all subscribers.
  void send_to_subscribers(std::string_view bytes) {
    for (const int fd : std::vector<int>(behind_)) queue(fd, bytes);
    shorts_.clear();
    sender_.send(tail_, bytes, shorts_);
    for (const auto& one : shorts_) queue(one.fd, bytes.substr(one.sent));
  }
  /// Sends on from the queue. Errors are left to the next read.
  void on_writable(int fd) {
    Session& session = at(fd);
    if (!session.rest || session.rest->out.empty()) return;
    std::string& out = session.rest->out;
    const ssize_t n = ::send(fd, out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) out.erase(0, static_cast<std::size_t>(n));
    if (!out.empty()) return;
    watch(EPOLL_CTL_MOD, fd, EPOLLIN);
    drop_empty(session);
    if (session.phase == Phase::kBehind) move_to(fd, Phase::kTail);
  }

  /// The incomplete message that was kept, moved in front of what is read next.
  std::string take_input(int fd) {
    Session& session = at(fd);
    if (!session.rest) return {};
    std::string in = std::move(session.rest->in);
    session.rest->in.clear();
    drop_empty(session);
    return in;
  }
  void keep_input(int fd, std::string_view bytes) { rest(at(fd)).in = bytes; }

 private:
  struct Rest {
    std::string in, out;
  };
  /// 16 bytes; buffers exist only while they hold something.
  struct Session {
    Phase phase = Phase::kFree;
    std::uint32_t place = 0;  ///< in the list of its phase
    std::unique_ptr<Rest> rest;
  };
  static constexpr std::size_t kQueueBytesMax = 1 << 20;

  Session& at(int fd) { return sessions_[static_cast<std::size_t>(fd)]; }
  static Rest& rest(Session& session) {
    if (!session.rest) session.rest = std::make_unique<Rest>();
    return *session.rest;
  }
  static void drop_empty(Session& session) {
    if (session.rest->in.empty() && session.rest->out.empty()) session.rest.reset();
  }
  void watch(int operation, int fd, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void queue(int fd, std::string_view bytes) {
    Session& session = at(fd);
    std::string& out = rest(session).out;
    if (out.size() + bytes.size() > kQueueBytesMax) return cut(fd);
    if (out.empty()) watch(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
    out += bytes;
    if (session.phase == Phase::kTail) move_to(fd, Phase::kBehind);
  }
  std::vector<int>& list_of(Phase phase) { return phase == Phase::kTail ? tail_ : behind_; }
  void join_list(int fd, Phase phase) {
    Session& session = at(fd);
    session.phase = phase;
    session.place = static_cast<std::uint32_t>(list_of(phase).size());
    list_of(phase).push_back(fd);
  }
  void leave_list(const Session& session) {
    auto& list = list_of(session.phase);
    list[session.place] = list.back();
    at(list.back()).place = session.place;
    list.pop_back();
  }
  void move_to(int fd, Phase phase) {
    leave_list(at(fd));
    join_list(fd, phase);
  }

  const int epoll_;
  Sender& sender_;
  std::vector<Session> sessions_;
  std::vector<int> tail_, behind_;
  std::vector<ShortSend> shorts_;
};

}  // namespace bench
