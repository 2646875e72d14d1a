// A Server-Sent Events stream: an HTTP answer that goes on, fed by the hub.
#include <optional>

#include "base/log.h"
#include "gateway/net/shared.h"

namespace mlgraph::gateway {
namespace {

constexpr int kSseSendBuffer = 192 * 1024;
constexpr auto kLastWordsTime = std::chrono::seconds(1);  // for the last words

/// Threads: confined to its loop, which owns it.
class SseConnection final : public SseStream,
                            public Connection,
                            public hub::Subscriber,
                            public std::enable_shared_from_this<SseConnection> {
 public:
  SseConnection(ServerShared& shared, Loop& loop) : shared_(shared), loop_(loop) {
    const auto& limits = shared_.options.websocket;
    slot_ = feed().open(
        *this, {}, {hub::Encoding::kServerSentEvents, limits.queue_bytes_max, limits.patterns_max}
    );
  }

  /// The stream begins only once its user has taken it: until then an error can still be answered.
  void start(std::unique_ptr<Transport> transport, std::unique_ptr<SseUser> user) {
    transport_ = std::move(transport);
    user_ = std::move(user);
    transport_->fix_send_buffer(kSseSendBuffer);
    shared_.metrics.active_streams.fetch_add(1, std::memory_order_relaxed);
    if (blocked_early_) want_writable();
    wait_for_end();
  }
  void give_up() { feed().close(slot_); }

  hub::LoopFeed& feed() override { return loop_.feed(); }
  hub::SlotId slot() const override { return slot_; }
  void send_raw(std::string text) override { feed().send_raw(slot_, std::move(text)); }
  void close() override {
    if (!closing_since_) closing_since_ = loop_.clock().steady_now();
    feed().end_delivery(slot_);
    end_if_drained();
  }
  std::function<void(std::function<void(SseStream&)>)> poster() override {
    return [weak = weak_from_this(), &loop = loop_](std::function<void(SseStream&)> step) {
      loop.post([weak, step = std::move(step)] {
        const auto self = weak.lock();
        if (self && !self->finished_) step(*self);
      });
    };
  }

  void on_tick(base::SteadyTime now, bool) override {
    if (finished_ || !user_) return;
    if (!closing_since_) return user_->on_tick(now);
    if (now - *closing_since_ >= kLastWordsTime) finish();
  }
  void on_drain(std::string_view) override { close(); }
  void abort() override { finish(); }

  Written try_write(std::span<const iovec> pieces) override {
    if (finished_) return {0, true};
    if (!transport_) return {0, false};
    const auto put = transport_->write(pieces);
    if (put.closed) {
      auto self = shared_from_this();
      loop_.post([self] { self->finish(); });
      return {0, true};
    }
    if (closing_since_) {
      auto self = shared_from_this();
      loop_.post([self] { self->end_if_drained(); });
    }
    return {put.bytes, false};
  }
  void want_writable() override {
    if (!transport_) {
      blocked_early_ = true;
      return;
    }
    auto self = shared_from_this();
    transport_->wait_writable([self] {
      if (!self->finished_) self->feed().on_writable(self->slot_);
    });
  }
  void on_evicted(int code, std::string_view reason) override {
    base::log(base::LogLevel::kInfo, "stream closed", "code", code, "reason", reason);
    shared_.metrics.count_close(code);
    auto self = shared_from_this();
    loop_.post([self] { self->finish(); });
  }

 private:
  /// A client of a stream has nothing to say: what it sends is read and dropped, its end is heard.
  void wait_for_end() {
    auto self = shared_from_this();
    transport_->wait_readable([self] {
      if (self->finished_) return;
      const auto got = self->transport_->read(self->loop_.read_buffer());
      if (got.closed) return self->finish();
      self->wait_for_end();
    });
  }
  void end_if_drained() {
    if (finished_ || !feed().drained(slot_)) return;
    if (transport_) transport_->shutdown_write();
    auto self = shared_from_this();
    loop_.post([self] { self->finish(); });
  }
  void finish() {
    if (finished_) return;
    finished_ = true;
    feed().close(slot_);
    if (transport_) {
      transport_->close(false);
      shared_.metrics.active_streams.fetch_sub(1, std::memory_order_relaxed);
    }
    if (user_) user_->on_closed();
    loop_.remove(this);
  }

  ServerShared& shared_;
  Loop& loop_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<SseUser> user_;
  hub::SlotId slot_;
  bool blocked_early_ = false;
  std::optional<base::SteadyTime> closing_since_;  ///< its last words may still be on their way
  bool finished_ = false;
};

}  // namespace

base::Result<void> start_sse(
    ServerShared& shared,
    Loop& loop,
    std::unique_ptr<Transport>& transport,
    const HttpRequest& request,
    const std::vector<std::pair<std::string, std::string>>& headers
) {
  auto stream = std::make_shared<SseConnection>(shared, loop);
  std::string head = fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n",
      kEventStream
  );
  for (const auto& [name, value] : headers)
    head.append(name).append(": ").append(value).append("\r\n");
  stream->send_raw(head + "\r\n");
  auto user = shared.hooks.accept_sse(*stream, request);
  if (!user) {
    stream->give_up();
    return tl::unexpected(user.error());
  }
  if (request.method == "HEAD") {
    user->reset();
    stream->give_up();
    return {};
  }
  loop.add(stream);
  stream->start(std::move(transport), std::move(*user));
  return {};
}

}  // namespace mlgraph::gateway
