#include "gateway/net/websocket_connection.h"

#include "base/log.h"
#include "base/random.h"
#include "protocol/deflate.h"

namespace mlgraph::gateway {

using protocol::FrameReader;
using protocol::Opcode;

namespace {
constexpr std::size_t kWebSocketTurnBytes = 64 * 1024;
constexpr int kSendBuffer = 192 * 1024;  // the kernel doubles it for its own needs
constexpr auto kCloseTime = std::chrono::seconds(1);
constexpr int kNoCode = 1005;
constexpr int kCut = 1006;
}  // namespace

void start_websocket(
    ServerShared& shared,
    Loop& loop,
    std::unique_ptr<Transport> transport,
    UpgradeInfo info,
    std::string response_head,
    std::string leftover
) {
  info.session = base::random_name(12);
  auto connection =
      std::make_shared<WebSocketConnection>(shared, loop, std::move(transport), std::move(info));
  loop.add(connection);
  connection->start(std::move(response_head), std::move(leftover));
}

WebSocketConnection::WebSocketConnection(
    ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport, UpgradeInfo info
)
    : shared_(shared),
      loop_(loop),
      transport_(std::move(transport)),
      info_(std::move(info)),
      reader_(
          {shared.options.websocket.message_max,
           shared.options.websocket.fragments_max,
           info_.deflate}
      ),
      message_max_(shared.options.websocket.message_max),
      received_at_(loop.clock().steady_now()),
      pinged_at_(received_at_),
      message_began_at_(received_at_) {}

static_assert(sizeof(WebSocketConnection) <= 528);  // docs/design/0008-fan-out.md
WebSocketConnection::~WebSocketConnection() = default;

void WebSocketConnection::start(std::string response_head, std::string leftover) {
  transport_->fix_send_buffer(kSendBuffer);
  const auto& limits = shared_.options.websocket;
  slot_ = feed().open(
      *this,
      {},
      {info_.deflate ? hub::Encoding::kWebSocketDeflate : hub::Encoding::kWebSocket,
       limits.queue_bytes_max,
       limits.patterns_max,
       transport_->plain_socket()}
  );
  shared_.metrics.active_connections.fetch_add(1, std::memory_order_relaxed);
  feed().send_raw(slot_, std::move(response_head));
  user_ = shared_.hooks.accept_websocket(*this);
  if (!leftover.empty() && !consume(leftover)) finish_if_done();
  wait_readable();
}

void WebSocketConnection::send_text(std::string_view message) {
  feed().send_message(slot_, message);
}

void WebSocketConnection::send_binary(std::string_view message) {
  feed().send_raw(slot_, protocol::make_frame(Opcode::kBinary, message));
}

void WebSocketConnection::set_message_max(std::size_t bytes) {
  message_max_ = bytes;
  reader_.set_limits({bytes, shared_.options.websocket.fragments_max, info_.deflate});
}

std::function<void(std::function<void(WebSocket&)>)> WebSocketConnection::poster() {
  return [weak = weak_from_this(), &loop = loop_](std::function<void(WebSocket&)> step) {
    loop.post([weak, step = std::move(step)] {
      const auto self = weak.lock();
      // Behind a close frame nothing may follow: what the step would say is not said.
      if (self && !self->finished_ && self->close_code_ == 0) step(*self);
    });
  };
}

bool WebSocketConnection::holds_requests() {
  if (close_code_ != 0) return false;
  return feed().state_pending(slot_) ||
         feed().queued_bytes(slot_) > shared_.options.websocket.queue_bytes_max;
}

void WebSocketConnection::wait_readable() {
  if (reading_ || finished_) return;
  const bool holds = holds_requests();
  feed().tell_when_written(slot_, holds || close_code_ != 0);
  if (holds) return;
  reading_ = true;
  auto self = shared_from_this();
  const auto ready = [self] {
    self->reading_ = false;
    self->on_readable();
  };
  if (!unread_.empty() || transport_->has_pending())
    loop_.post(ready);
  else
    transport_->wait_readable(ready);
}

void WebSocketConnection::on_readable() {
  if (finished_) return;
  if (!unread_.empty()) {
    auto bytes = std::exchange(unread_, {});
    if (!consume(bytes)) finish_if_done();
  }
  const auto buffer = loop_.read_buffer();
  for (std::size_t turn = 0; turn < kWebSocketTurnBytes && !finished_ && !holds_requests();) {
    const auto got = transport_->read(buffer);
    if (got.closed) return finish(close_code_ != 0 ? close_code_ : kCut, false);
    if (got.bytes == 0) break;
    turn += got.bytes;
    received_at_ = loop_.clock().steady_now();
    if (!discarding_ && !consume(buffer.first(got.bytes))) finish_if_done();
  }
  wait_readable();
}

bool WebSocketConnection::consume(std::span<char> bytes) {
  const bool was_in_message = reader_.in_message();
  while (!bytes.empty() && !finished_) {
    if (holds_requests()) {
      unread_.assign(bytes.data(), bytes.size());
      return true;
    }
    std::size_t used = 0;
    const auto found = reader_.feed(bytes, used);
    bytes = bytes.subspan(used);
    if (!found) {
      discarding_ = true;
      close(found.error().close_code, found.error().reason);
      return false;
    }
    if (*found) on_event(**found);
    if (discarding_) return false;
  }
  if (!was_in_message && reader_.in_message()) message_began_at_ = received_at_;
  return !finished_;
}

void WebSocketConnection::on_event(const FrameReader::Event& event) {
  using Kind = FrameReader::Event::Kind;
  if (event.kind == Kind::kClose) return on_peer_close(event);
  if (close_code_ != 0) return;  // once we have said goodbye nothing more is answered
  switch (event.kind) {
    case Kind::kMessage:
      message_began_at_ = received_at_;
      event.compressed ? on_compressed(event) : on_message(event.binary, event.payload);
      break;
    case Kind::kPing:
      feed().send_raw(slot_, protocol::make_frame(Opcode::kPong, event.payload));
      user_->on_control();
      break;
    case Kind::kPong:
      user_->on_control();
      break;
    case Kind::kClose:
      break;
  }
}

void WebSocketConnection::on_message(bool binary, std::string_view message) {
  binary ? user_->on_binary(message) : user_->on_text(message);
}

void WebSocketConnection::on_compressed(const FrameReader::Event& event) {
  const auto message = protocol::inflate_message(event.payload, message_max_);
  protocol::Utf8Validator utf8;
  if (message && (event.binary || (utf8.feed(*message) && utf8.complete())))
    return on_message(event.binary, *message);
  discarding_ = true;
  if (message) return close(1007, "a text message is not UTF-8");
  const bool too_large = message.error().code == base::ErrorCode::kTooLarge;
  close(too_large ? 1009 : 1007, message.error().message);
}

void WebSocketConnection::on_peer_close(const FrameReader::Event& event) {
  peer_closed_ = true;
  discarding_ = true;
  if (close_code_ == 0)
    begin_close(
        event.close_code,
        event.close_code == kNoCode ? std::string() : protocol::close_payload(event.close_code, "")
    );
}

void WebSocketConnection::close(int code, std::string_view reason) {
  if (close_code_ != 0 || finished_) return;
  base::log(
      base::LogLevel::kInfo,
      "session closed",
      "session",
      info_.session,
      "remote",
      info_.remote,
      "code",
      code,
      "reason",
      reason
  );
  begin_close(code, protocol::close_payload(code, reason));
}

void WebSocketConnection::begin_close(int code, const std::string& payload) {
  close_code_ = code;
  feed().tell_when_written(slot_, true);
  feed().end_delivery(slot_);
  feed().send_raw(slot_, protocol::make_frame(Opcode::kClose, payload));
  close_timer_ = std::make_unique<boost::asio::steady_timer>(loop_.io(), kCloseTime);
  auto self = shared_from_this();
  close_timer_->async_wait([self](boost::system::error_code ec) {
    // What the socket has not taken by now is dropped with a reset.
    if (!ec && !self->finished_)
      self->finish(self->close_code_, !self->feed().drained(self->slot_));
  });
}

// Once all is out our side ends; the peer's end is awaited (its close frame, then its end of
// stream), so that what it still sends cannot turn into a reset that takes our close frame with it.
void WebSocketConnection::finish_if_done() {
  if (finished_ || close_code_ == 0 || shut_ || !discarding_ || !feed().drained(slot_)) return;
  shut_ = true;
  transport_->shutdown_write();
}

/// Over TLS.
hub::Subscriber::Written WebSocketConnection::try_write(std::span<const iovec> pieces) {
  if (finished_) return {0, true};
  const auto put = transport_->write(pieces);
  if (put.closed) on_broken();
  return {put.bytes, put.closed};
}

void WebSocketConnection::on_broken() {
  auto self = shared_from_this();
  loop_.post([self] { self->finish(self->close_code_ != 0 ? self->close_code_ : kCut, false); });
}

/// In a step of its own: this is called inside flush.
void WebSocketConnection::on_written() {
  auto self = shared_from_this();
  loop_.post([self] {
    if (self->finished_) return;
    self->finish_if_done();
    self->wait_readable();
  });
}

void WebSocketConnection::want_writable() {
  auto self = shared_from_this();
  transport_->wait_writable([self] {
    if (!self->finished_) self->feed().on_writable(self->slot_);
  });
}

void WebSocketConnection::on_evicted(int code, std::string_view reason) { close(code, reason); }

void WebSocketConnection::on_tick(base::SteadyTime now, bool woke_late) {
  if (finished_) return;
  const auto& limits = shared_.options.websocket;
  // What waits in the socket is read before anybody is judged by it: a process that was stopped, or
  // a loop with more to do than one turn holds, has not seen it yet.
  if (woke_late || now - received_at_ >= limits.drop_after.get()) on_readable();
  if (finished_) return;
  if (woke_late || holds_requests()) {
    received_at_ = now;
    message_began_at_ = now;
  }
  wait_readable();
  if (close_code_ == 0) {
    if (now - received_at_ >= limits.drop_after.get()) return close(4105, "no traffic");
    if (now - received_at_ >= limits.ping_after.get() &&
        now - pinged_at_ >= limits.ping_after.get()) {
      pinged_at_ = now;
      feed().send_raw(slot_, protocol::make_frame(Opcode::kPing, ""));
    }
    if (reader_.in_message() && now - message_began_at_ >= limits.message_time.get()) {
      discarding_ = true;
      return close(1008, "a message took too long");
    }
    user_->on_tick(now);
  }
}

void WebSocketConnection::on_drain(std::string_view reason) { close(4103, reason); }

void WebSocketConnection::finish(int code, bool reset) {
  if (finished_) return;
  finished_ = true;
  auto self = shared_from_this();
  if (close_timer_) close_timer_->cancel();
  feed().close(slot_);
  transport_->close(reset);
  shared_.metrics.active_connections.fetch_sub(1, std::memory_order_relaxed);
  shared_.metrics.count_close(code);
  if (user_) user_->on_closed(code);
  loop_.remove(this);
}

}  // namespace mlgraph::gateway
