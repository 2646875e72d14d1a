#include "gateway/net/inbox.h"

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace mlgraph::gateway {

Inbox::Inbox(boost::asio::io_context& io) : awake_(io) {
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // As of Asio's own descriptors: without them there is no loop, and no server yet to say so.
  if (wake < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  awake_.assign(wake);
  wait();
}

Inbox::~Inbox() {
  while (take()) taken_.pop_front();
}

void Inbox::wait() {
  awake_.async_read_some(
      boost::asio::buffer(&woken_, sizeof woken_),
      [this](boost::system::error_code ec, std::size_t) {
        if (!ec) wait();
      }
  );
}

void Inbox::post(Step step, bool wake) {
  bool first = false;
  {
    base::MutexLock lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(step));
  }
  // Behind another step the loop is awake already, or about to be.
  if (first && wake) ::eventfd_write(awake_.native_handle(), 1);
}

bool Inbox::take() {
  if (!taken_.empty()) return true;
  base::MutexLock lock(mutex_);
  taken_.swap(posted_);
  return !taken_.empty();
}

bool Inbox::run_one() {
  if (!take()) return false;
  const Step step = std::move(taken_.front());
  taken_.pop_front();
  step();
  return true;
}

bool Inbox::empty() { return !take(); }

}  // namespace mlgraph::gateway
