#include "gateway/net/senders.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include <liburing.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "gateway/net/socket_errors.h"

namespace mlgraph::gateway {
namespace {

constexpr unsigned kEntries = 256;  // submitted at once
constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;

bool is_passing(int error) { return error == EINTR || error == EAGAIN || error == EBUSY; }

void note(hub::Write& write, ssize_t result, int error) {
  if (result >= 0)
    write.taken = static_cast<std::size_t>(result);
  else
    write.broken = !would_block(error);
}

msghdr message_of(const hub::Write& write) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(write.pieces.data());
  message.msg_iovlen = write.pieces.size();
  return message;
}

class DirectSender final : public hub::Sender {
 public:
  void send(std::span<hub::Write> writes) override {
    for (auto& write : writes) {
      if (write.pieces.size() == 1) {
        const iovec& piece = write.pieces.front();
        const ssize_t n = ::send(write.socket, piece.iov_base, piece.iov_len, kFlags);
        note(write, n, errno);
        continue;
      }
      const msghdr message = message_of(write);
      const ssize_t n = ::sendmsg(write.socket, &message, kFlags);
      note(write, n, errno);
    }
  }
};

/// Threads: confined to the one that made it.
class RingSender final : public hub::Sender {
 public:
  ~RingSender() override {
    if (open_) io_uring_queue_exit(&ring_);
  }

  base::Result<void> open() {
    // One submitter, completions only when it looks: without them each one would interrupt it.
    int failed = 0;
    for (const unsigned flags :
         {unsigned{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN},
          unsigned{IORING_SETUP_COOP_TASKRUN},
          0U}) {
      io_uring_params parameters{};
      parameters.flags = flags;
      failed = io_uring_queue_init_params(kEntries, &ring_, &parameters);
      if (failed != -EINVAL) break;
    }
    if (failed)
      return base::fail(base::ErrorCode::kInternal, "io_uring: {}", std::strerror(-failed));
    open_ = true;
    return {};
  }

  void send(std::span<hub::Write> writes) override {
    for (; !writes.empty(); writes = writes.subspan(std::min<std::size_t>(kEntries, writes.size())))
      submit(writes.first(std::min<std::size_t>(kEntries, writes.size())));
  }

 private:
  void submit(std::span<hub::Write> writes) {
    for (std::size_t i = 0; i < writes.size(); ++i) {
      io_uring_sqe* entry = io_uring_get_sqe(&ring_);
      if (writes[i].pieces.size() == 1) {
        const iovec& piece = writes[i].pieces.front();
        io_uring_prep_send(entry, writes[i].socket, piece.iov_base, piece.iov_len, kFlags);
      } else {
        messages_[i] = message_of(writes[i]);
        io_uring_prep_sendmsg(entry, writes[i].socket, &messages_[i], kFlags);
      }
      entry->user_data = i;
    }
    for (std::size_t left = writes.size(); left > 0;) {
      const int entered = io_uring_submit_and_wait(&ring_, static_cast<unsigned>(left));
      MLG_CHECK(entered >= 0 || is_passing(-entered));
      io_uring_cqe* completion = nullptr;
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_for_each_cqe(&ring_, head, completion) {
        ++seen;
        note(writes[completion->user_data], completion->res, -completion->res);
      }
      io_uring_cq_advance(&ring_, seen);
      left -= seen;
    }
  }

  io_uring ring_{};
  bool open_ = false;
  msghdr messages_[kEntries]{};
};

}  // namespace

void LoopSender::choose() {
  if (wants_ring_) {
    auto ring = std::make_unique<RingSender>();
    const auto opened = ring->open();
    if (opened) {
      chosen_ = std::move(ring);
      return;
    }
    base::log(
        base::LogLevel::kWarn,
        "io_uring is not to be had, each send is a call",
        "reason",
        opened.error().message
    );
  }
  chosen_ = std::make_unique<DirectSender>();
}

void LoopSender::send(std::span<hub::Write> writes) {
  if (!chosen_) choose();
  chosen_->send(writes);
}

}  // namespace mlgraph::gateway
