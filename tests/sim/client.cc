#include "sim/client.h"

namespace mlgraph::sim {

Client::Client(std::string name, Ground& ground, Connect connect)
    : name_(std::move(name)),
      ground_(ground),
      following_(name_, ground.history, ground.transcript),
      connect_(std::move(connect)) {}

void Client::open(const std::optional<std::string>& bearer) {
  session_ = std::make_shared<Session>(
      fmt::format("{}#{}", name_, ++sessions_),
      ground_,
      following_,
      ground_.random.one_in(4) ? ground_.random.between(66'000, 130'000)
                               : ground_.random.between(256, 4'096)
  );
  session_->bearer = bearer;
  said_.reset();
  stalled_until_ = {};
  connect_(session_);
  ground_.transcript.note(
      "{} connects to loop {}{}", session_->name, session_->loop, bearer ? " with " + *bearer : ""
  );
  line_.emplace(ground_, session_->loop, [this](const WireFrame& frame) { on_frame(frame); });
}

void Client::ask(Ask ask) {
  ground_.transcript.note("{} asks {}", session_->name, to_json(ask));
  session_->wire.ask(std::move(ask));
}

std::string Client::next_ref() {
  ++refs_;
  return ground_.random.one_in(2) ? std::to_string(refs_) : fmt::format("\"r{}\"", refs_);
}

void Client::stall() {
  const auto time = std::chrono::seconds(ground_.random.between(1, 60));
  ground_.transcript.note("{} stalls for {} s", session_->name, time.count());
  stalled_until_ = ground_.clock.steady_now() + time;
}

bool Client::can_read() const {
  return session_ && stalled_until_ <= ground_.clock.steady_now() &&
         (session_->wire.readable() || session_->wire.ended());
}

void Client::read(std::size_t bytes_max) {
  const auto session = session_;  // a message may end it
  const std::string bytes = session->wire.take(bytes_max);
  if (!bytes.empty()) {
    ground_.transcript.note("{} reads {}", session->name, bytes.size());
    line_->take(bytes);
    if (!session->wire.readable() && session_ == session) line_->flush();
  }
  if (session_ != session) return;
  if (said_ || session->wire.ended()) {
    if (!said_ && session->closed_with && session->wire.end() == Wire::End::kWhole)
      ground_.transcript.violation(
          "{}: was closed with {}, but no close frame came", session->name, *session->closed_with
      );
    session->wire.end_by_client(Wire::Client::kGone);
    session_.reset();
    on_ended(said_);
  }
}

void Client::on_frame(const WireFrame& frame) {
  if (!session_ || ground_.transcript.broken()) return;
  auto& judge = session_->judge;
  if (frame.opcode == protocol::Opcode::kClose) {
    const int code = frame.payload.size() < 2 ? 1005
                                              : static_cast<unsigned char>(frame.payload[0]) << 8 |
                                                    static_cast<unsigned char>(frame.payload[1]);
    ground_.transcript.note("{} hears close {}", session_->name, code);
    judge.on_close_frame(frame.offset, code, session_->closed_with);
    said_ = code;
    return;
  }
  const auto message = base::parse_json(frame.payload);
  if (!message)
    return ground_.transcript.violation("{}: no JSON: {}", session_->name, frame.payload);
  constexpr std::size_t kShown = 100;
  ground_.transcript.note("{} hears {}", session_->name, frame.payload.substr(0, kShown));
  judge.on_message(frame.offset, *message, frame.payload);
  if (!ground_.transcript.broken()) on_message(*message);
}

void Client::leave(Wire::Client how) {
  static constexpr std::array<const char*, 4> kHow = {"", "closes", "resets", "falls silent"};
  ground_.transcript.note("{} {}", session_->name, kHow.at(static_cast<std::size_t>(how)));
  if (how == Wire::Client::kSaidClose) return session_->wire.end_by_client(how);
  const auto session = std::exchange(session_, nullptr);
  session->wire.end_by_client(how);
  on_ended(std::nullopt);
}

void Client::lose_buffered() {
  if (!session_ || !session_->wire.readable()) return;
  line_->lose_until(session_->wire.put_so_far());
}

}  // namespace mlgraph::sim
