#include "sim/connection.h"

#include "protocol/ws_frame.h"

namespace mlgraph::sim {
namespace {
constexpr auto kCloseTime = std::chrono::seconds(1);
constexpr std::size_t kHeaders = 512;  // of a frame, and of a message around its objects
constexpr std::size_t kPartBytes = 64 * 1024;
}  // namespace

SimConnection::SimConnection(
    Ground& ground,
    LoopRig& loop,
    gateway::SessionServices& services,
    std::shared_ptr<Session> session
)
    : ground_(ground), loop_(loop), services_(services), session_(std::move(session)) {
  info_.path = "/ws";
  info_.session = session_->name;
  info_.remote = session_->name;
  info_.token = session_->bearer;
}

void SimConnection::accept() {
  session_->wire.on_asked = [this] { post(&SimConnection::on_readable); };
  session_->wire.on_client_end = [this] { post(&SimConnection::on_client_end); };
  session_->wire.on_room = [this] {
    if (std::exchange(wants_writable_, false)) post(&SimConnection::on_writable);
  };
  slot_ = feed().open(
      *this, {}, {hub::Encoding::kWebSocket, ground_.bounds.queue_bytes, ground_.bounds.patterns}
  );
  user_ = std::make_unique<gateway::SocketSession>(services_, *this);
  perform(session_->mirror.on_accept(session_->bearer), [this] { user_->begin(); });
  if (session_->wire.asked()) post(&SimConnection::on_readable);
  if (session_->wire.client() != Wire::Client::kThere) post(&SimConnection::on_client_end);
}

void SimConnection::post(void (SimConnection::*step)()) {
  if (step == &SimConnection::on_readable && std::exchange(readable_posted_, true)) return;
  loop_.steps.post([self = shared_from_this(), step] {
    if (!self->finished_) ((*self).*step)();
  });
}

std::uint64_t SimConnection::stream_end() {
  return session_->wire.put_so_far() + feed().queued_bytes(slot_);
}

void SimConnection::mistake(std::string_view what, std::uint64_t number) {
  ground_.transcript.violation("{}: {} {}", session_->name, what, number);
}

void SimConnection::perform(Operation op, const std::function<void()>& step) {
  ground_.transcript.note("{} serves {}", session_->name, op.what);
  op.from = stream_end();
  foretold_close_ = op.close;
  in_operation_ = true;
  step();
  in_operation_ = false;
  if (evicted_) return;  // in the midst of it: its answers are dropped with all that was queued
  op.to = stream_end();
  if (op.close && close_code_ != *op.close)
    mistake("was not closed with", static_cast<std::uint64_t>(*op.close));
  if (op.to > op.from) answers_.push_back({op.to, op.to - op.from});
  if (op.state) ++states_asked_;
  session_->judge.expect(std::move(op));
}

void SimConnection::on_readable() {
  readable_posted_ = false;
  auto& wire = session_->wire;
  while (wire.asked() && close_code_ == 0 && !holds_requests()) {
    Ask ask = wire.next_ask();
    const auto op = session_->mirror.on_ask(ask);
    if (ask.since && ask.ref.empty() && ground_.faults.is(Fault::kSinceTooHigh)) {
      const auto cursor = model::parse_cursor(*ask.since);
      if (cursor && cursor->seq < ground_.history.size())
        ask.since = model::format_cursor({cursor->epoch, cursor->seq + 1});
    }
    if (ask.kind == Ask::Kind::kUnsubscribe && ask.ref.empty() &&
        ground_.faults.is(Fault::kUnsubscribeLost)) {
      perform(op, [] {});
      continue;
    }
    perform(op, [&] { user_->on_text(to_json(ask)); });
  }
}

/// Who sends but does not read is not read from either; and requests are answered in order.
bool SimConnection::holds_requests() {
  return feed().state_pending(slot_) || feed().queued_bytes(slot_) > ground_.bounds.queue_bytes;
}

void SimConnection::on_writable() { feed().on_writable(slot_); }

void SimConnection::on_client_end() {
  if (session_->wire.client() == Wire::Client::kGone)
    return finish(close_code_ != 0 ? close_code_ : 1006, false);
  if (session_->wire.client() == Wire::Client::kSaidClose && close_code_ == 0)
    begin_close(1000, {});
}

void SimConnection::on_tick(base::SteadyTime now) {
  if (finished_) return;
  if (close_code_ != 0) {
    // What the wire has not taken by now is dropped with a reset.
    if (now >= close_by_) finish(close_code_, !feed().drained(slot_));
    return;
  }
  if (waiting_since_ && now - *waiting_since_ >= ground_.bounds.stall)
    mistake("has taken no byte for 30 s and was not closed; bytes waiting:", queued_before_);
  perform(session_->mirror.on_tick(), [&] { user_->on_tick(now); });
}

void SimConnection::drain() {
  if (finished_ || close_code_ != 0) return;
  perform(session_->mirror.on_drain(), [&] { close(4103, "the server stops"); });
}

void SimConnection::close(int code, std::string_view reason) {
  if (close_code_ != 0 || finished_) return;
  ground_.transcript.note("{} is closed with {} {}", session_->name, code, reason);
  if (in_operation_ && !evicted_ && (!foretold_close_ || *foretold_close_ != code))
    mistake("should not be closed with", static_cast<std::uint64_t>(code));
  begin_close(code, reason);
}

void SimConnection::begin_close(int code, std::string_view reason) {
  close_code_ = code;
  session_->closed_with = code;
  session_->mirror.on_closed();
  close_by_ = ground_.clock.steady_now() + kCloseTime;
  feed().end_delivery(slot_);
  feed().send_raw(
      slot_, protocol::make_frame(protocol::Opcode::kClose, protocol::close_payload(code, reason))
  );
}

std::function<void(std::function<void(gateway::WebSocket&)>)> SimConnection::poster() {
  return [weak = weak_from_this(),
          &loop = loop_,
          &ground = ground_](std::function<void(gateway::WebSocket&)> step) {
    loop.steps.post([weak, step = std::move(step), token = ground.changing] {
      const auto self = weak.lock();
      if (!self || self->finished_ || self->close_code_ != 0 || !token) return;
      self->perform(self->session_->mirror.on_token_change(*token), [&] { step(*self); });
    });
  };
}

hub::Subscriber::Written SimConnection::try_write(std::span<const iovec> pieces) {
  if (finished_) return {0, true};
  if (session_->wire.client() == Wire::Client::kGone) {
    post(&SimConnection::on_client_end);
    return {0, true};
  }
  const auto taken = session_->wire.put(pieces);
  if (taken > 0) waiting_since_ = ground_.clock.steady_now();
  if (session_->wire.asked()) post(&SimConnection::on_readable);
  return {taken, false};
}

void SimConnection::want_writable() {
  wants_writable_ = true;
  if (session_->wire.has_room()) session_->wire.on_room();
}

bool SimConnection::may_be_evicted() const {
  const bool stalled =
      waiting_since_ && ground_.clock.steady_now() - *waiting_since_ >= ground_.bounds.stall;
  const bool answers_pile_up = queued_before_ > 2 * ground_.bounds.queue_bytes;
  const bool past_retention = position_before_ + 1 < ground_.log.oldest_kept();
  return stalled || answers_pile_up || past_retention;
}

void SimConnection::on_evicted(int code, std::string_view reason) {
  if (close_code_ != 0) return mistake("loses its close frame to an eviction, after", 0);
  if (code != 4102 || !may_be_evicted())
    mistake("was evicted without a reason, with", static_cast<std::uint64_t>(code));
  evicted_ = true;
  session_->judge.cut(session_->wire.put_so_far());
  close(code, reason);
}

void SimConnection::finish(int code, bool reset) {
  if (std::exchange(finished_, true)) return;
  ground_.transcript.note("{} ends with {}{}", session_->name, code, reset ? ", reset" : "");
  feed().close(slot_);
  session_->wire.end_by_server(reset ? Wire::End::kReset : Wire::End::kWhole);
  if (user_) user_->on_closed(code);
}

std::size_t SimConnection::queue_limit() const {
  std::size_t message = ground_.history.largest_event() + kHeaders;
  if (states_asked_ > session_->judge.states_read())
    message = std::max(
        message,
        std::min(kPartBytes, ground_.history.largest_state()) + ground_.history.largest_event() +
            8 * kHeaders
    );
  std::size_t answers = 0;
  for (const auto& answer : answers_) answers += answer.bytes;
  return ground_.bounds.queue_bytes + message + answers;
}

void SimConnection::look() {
  if (finished_) return;
  const auto taken = session_->wire.put_so_far();
  while (!answers_.empty() && answers_.front().to <= taken) answers_.pop_front();
  const auto queued = feed().queued_bytes(slot_);
  if (queued > queue_limit()) mistake("has more bytes queued than its bound:", queued);
  if (queued == 0)
    waiting_since_.reset();
  else if (queued_before_ == 0 || !waiting_since_)
    waiting_since_ = ground_.clock.steady_now();
  queued_before_ = queued;
  position_before_ = feed().position(slot_);
}

bool SimConnection::settled() const {
  return loop_.feed->drained(slot_) && loop_.feed->position(slot_) == ground_.history.size();
}

}  // namespace mlgraph::sim
