#pragma once
// How bare_fanout gives the same bytes to many sockets: one send() each, or SEND entries that enter
// the kernel together through io_uring. Not part of the product.
#include <memory>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include <liburing.h>

#include "load_client.h"

namespace bench {

/// A socket that took less than it was given.
struct ShortSend {
  int fd = -1;
  std::size_t sent = 0;
};

class Sender {
 public:
  virtual ~Sender() = default;
  /// From now on `fd` may be among the sockets of `send`; `remove` comes before its close.
  virtual void add(int) {}
  virtual void remove(int) {}
  /// Gives `bytes` to each socket; every send has ended when it returns.
  virtual void send(
      std::span<const int> sockets, std::string_view bytes, std::vector<ShortSend>& shorts
  ) = 0;
};

class BatchSender final : public Sender {
 public:
  void send(std::span<const int> sockets, std::string_view bytes, std::vector<ShortSend>& shorts)
      override {
    for (const int fd : sockets) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      const auto sent = static_cast<std::size_t>(n > 0 ? n : 0);
      if (sent < bytes.size()) shorts.push_back({fd, sent});
    }
  }
};

/// Sockets are registered files under their own number, which spares a look-up for each entry.
class UringSender final : public Sender {
 public:
  explicit UringSender(unsigned descriptors_max) {
    constexpr unsigned kFlags =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN;
    if (io_uring_queue_init(kEntries, &ring_, kFlags) < 0 &&
        io_uring_queue_init(kEntries, &ring_, 0) < 0)
      die("io_uring is not available here");
    io_uring_register_ring_fd(&ring_);
    if (io_uring_register_files_sparse(&ring_, descriptors_max) < 0)
      die("io_uring has no room for registered files");
  }
  ~UringSender() override { io_uring_queue_exit(&ring_); }
  UringSender(const UringSender&) = delete;
  UringSender& operator=(const UringSender&) = delete;

  void add(int fd) override { set_file(fd, fd); }
  void remove(int fd) override { set_file(fd, -1); }
  void send(std::span<const int> sockets, std::string_view bytes, std::vector<ShortSend>& shorts)
      override {
    while (!sockets.empty()) {
      const auto some = sockets.first(std::min<std::size_t>(sockets.size(), kEntries));
      submit(some, bytes);
      reap(some.size(), bytes.size(), shorts);
      sockets = sockets.subspan(some.size());
    }
  }

 private:
  static constexpr unsigned kEntries = 4'096;

  void set_file(int fd, int file) {
    if (io_uring_register_files_update(&ring_, static_cast<unsigned>(fd), &file, 1) < 0)
      die("a socket cannot be registered with io_uring");
  }
  void submit(std::span<const int> sockets, std::string_view bytes) {
    for (const int fd : sockets) {
      io_uring_sqe* entry = io_uring_get_sqe(&ring_);
      io_uring_prep_send(entry, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      entry->flags |= IOSQE_FIXED_FILE;
      entry->user_data = static_cast<unsigned>(fd);
    }
  }
  void reap(std::size_t entries, std::size_t bytes, std::vector<ShortSend>& shorts) {
    while (entries > 0) {
      const int entered = io_uring_submit_and_wait(&ring_, static_cast<unsigned>(entries));
      if (entered < 0 && entered != -EINTR) die("io_uring_submit_and_wait failed");
      io_uring_cqe* done = nullptr;
      unsigned head = 0, seen = 0;
      io_uring_for_each_cqe(&ring_, head, done) {
        ++seen;
        const auto sent = static_cast<std::size_t>(done->res > 0 ? done->res : 0);
        if (sent < bytes) shorts.push_back({static_cast<int>(done->user_data), sent});
      }
      io_uring_cq_advance(&ring_, seen);
      entries -= seen;
    }
  }

  io_uring ring_{};
};

/// `flush` is "batch" or "uring"; `descriptors_max` is above every socket's number.
inline std::unique_ptr<Sender> make_sender(const std::string& flush, unsigned descriptors_max) {
  if (flush == "batch") return std::make_unique<BatchSender>();
  if (flush == "uring") return std::make_unique<UringSender>(descriptors_max);
  die("no flush '" + flush + "' here: batch or uring");
}

}  // namespace bench
