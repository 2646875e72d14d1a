#include "sim/faithful_client.h"

#include "model/cursor.h"
#include "sim/wire_json.h"

namespace mlgraph::sim {

FaithfulClient::FaithfulClient(
    std::string name,
    Ground& ground,
    Connect connect,
    std::string secret,
    std::vector<std::string> channels
)
    : Client(std::move(name), ground, std::move(connect)),
      secret_(std::move(secret)),
      channels_(std::move(channels)) {}

void FaithfulClient::act() {
  if (!session_) return connect();
  auto& random = ground_.random;
  const auto chance = random.below(20);
  if (chance < 8) return ask({.kind = Ask::Kind::kPing, .ref = next_ref()});
  if (chance < 9)
    return ask({.kind = Ask::Kind::kSync, .ref = next_ref(), .names_channels = false});
  if (chance < 12) return stall();
  if (chance < 14) return leave(Wire::Client::kGone);
  if (chance < 15) return leave(Wire::Client::kSilent);
  if (chance < 16) return leave(Wire::Client::kSaidClose);
}

void FaithfulClient::connect() {
  auto& random = ground_.random;
  if (random.one_in(3)) {
    open(std::nullopt);
    ask({.kind = Ask::Kind::kAuth, .secret = secret_});
  } else {
    open(secret_);
  }
  Ask subscribe{.kind = Ask::Kind::kSubscribe, .channels = channels_};
  if (!random.one_in(3)) subscribe.ref = next_ref();
  if (!last_id_.empty()) subscribe.since = last_id_;
  subscribe.state = true;
  awaits_state_ = last_id_.empty();
  ask(std::move(subscribe));
}

/// There is a hole behind the last id: what comes counts from the state on that follows.
void FaithfulClient::lose() {
  lost_ = true;
  awaits_state_ = true;
  following_.forget();
}

void FaithfulClient::take_id(const base::Json& message) {
  if (!awaits_state_) last_id_ = text_at(message, "id");
}

void FaithfulClient::on_message(const base::Json& message) {
  const auto type = text_at(message, "type");
  const base::Json* data = message.find("data");
  if (type == "subscribed") {
    if (!last_id_.empty() && !*data->find("recovered")->as_bool()) lose();
  } else if (type == "error") {
    if (text_at(*data, "code") != "cursor_expired")
      return ground_.transcript.violation("{}: an error for a faithful client", name_);
    lose();  // the answer to a subscribe without ref; its state follows
  } else if (type == "state") {
    if (!*data->find("last")->as_bool()) return;
    awaits_state_ = false;
    if (last_id_.empty()) first_ = model::parse_cursor(text_at(message, "id"))->seq;
    take_id(message);
  } else if (type == "pong") {
    take_id(message);
  } else if (const auto kind = model::parse_kind(type); kind && model::is_durable(*kind)) {
    if (awaits_state_) return;
    take_id(message);
    ++had_[model::parse_cursor(last_id_)->seq];
  }
}

void FaithfulClient::on_ended(std::optional<int> code) {
  if (code && *code != 4102 && *code != 4103 && *code != 1000)
    ground_.transcript.violation("{}: closed with {}", name_, *code);
}

bool FaithfulClient::settle() {
  if (session_) return false;
  connect();
  return true;
}

void FaithfulClient::check() {
  auto& transcript = ground_.transcript;
  if (!session_ || awaits_state_ || !following_.active())
    return transcript.violation("{}: is not back after all", name_);
  session_->judge.finish();
  if (lost_) return;
  const Token& token = *ground_.token_by_secret(secret_);
  const Grants grants(token.scopes);
  for (auto seq = first_ + 1; seq <= ground_.history.size(); ++seq) {
    const auto& entry = ground_.history.at(seq);
    const std::size_t due = any_covers(channels_, entry.kind, entry.entity) &&
                            grants.sees(entry.kind, entry.entity, entry.index);
    const auto had = had_.contains(seq) ? had_[seq] : 0;
    if (had != due)
      return transcript.violation(
          "{}: has had event {} {} times, not {}, over all its sessions", name_, seq, had, due
      );
  }
}

}  // namespace mlgraph::sim
