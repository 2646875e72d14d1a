#include "sim/wild_client.h"

namespace mlgraph::sim {

void WildClient::on_message(const base::Json& message) {
  const auto* id = message.find("id");
  if (id && id->as_string()) last_id_ = *id->as_string();
}

void WildClient::act() {
  auto& random = ground_.random;
  if (!session_) return connect();
  const auto chance = random.below(100);
  if (random.one_in(80)) return burst();
  if (chance < 34) return subscribe();
  if (chance < 46) return unsubscribe();
  if (chance < 58) return sync();
  if (chance < 68) return ask({.kind = Ask::Kind::kPing, .ref = maybe_ref()});
  if (chance < 71) {
    Ask hello{.kind = Ask::Kind::kHello, .ref = maybe_ref()};
    hello.names_channels = false;
    return ask(std::move(hello));
  }
  if (chance < 80) return authenticate();
  if (chance < 83) return send_garbage();
  if (chance < 91) return stall();
  if (chance < 96) return leave(Wire::Client::kGone);
  if (chance < 98) return leave(Wire::Client::kSilent);
  leave(Wire::Client::kSaidClose);
}

std::string WildClient::some_secret() {
  auto& random = ground_.random;
  if (random.one_in(20)) return "mlg_nobody_has_this_one";
  const Token& token = random.one_of(ground_.tokens);
  return token.revoked && !random.one_in(10) ? kAdminSecret : token.secret;
}

/// Many requests at once, as a program gone wrong sends them.
void WildClient::burst() {
  auto& random = ground_.random;
  const auto kind = random.below(3);
  if (kind == 0 && random.one_in(2)) stall();
  for (auto n = random.between(8, 70); n > 0; --n) {
    if (kind == 0) sync();
    if (kind == 1) ask({.kind = Ask::Kind::kPing, .ref = maybe_ref()});
    if (kind == 2) send_garbage();
  }
}

void WildClient::connect() {
  following_.forget();
  if (ground_.random.one_in(3)) {
    open(std::nullopt);
    if (!ground_.random.one_in(8)) authenticate();
  } else {
    open(some_secret());
  }
}

void WildClient::authenticate() {
  const auto& bearer = session_->bearer;
  const bool same = bearer && !ground_.random.one_in(3);
  ask({.kind = Ask::Kind::kAuth, .ref = maybe_ref(), .secret = same ? *bearer : some_secret()});
}

std::optional<std::string> WildClient::some_since() {
  auto& random = ground_.random;
  const auto chance = random.below(20);
  if (chance < 8) return std::nullopt;
  if (chance < 12 && !last_id_.empty()) return last_id_;
  if (chance < 17) return ground_.id_of(random.below(ground_.history.size() + 1));
  if (chance < 18) return ground_.id_of(ground_.history.size() + random.below(20));
  if (chance < 19) return "otherepoch-" + std::to_string(random.below(50));
  return "no id";
}

void WildClient::subscribe() {
  auto& random = ground_.random;
  Ask wanted{.kind = Ask::Kind::kSubscribe, .ref = maybe_ref()};
  for (auto n = random.between(1, 3); n > 0; --n)
    wanted.channels.push_back(random.one_of(kPatterns));
  if (random.one_in(25)) wanted.channels.push_back(random.one_of(kMalformed));
  if (random.one_in(80))
    for (std::size_t i = 0; i <= ground_.bounds.patterns; ++i)
      wanted.channels.push_back(fmt::format("job.x{}.*", i));
  wanted.since = some_since();
  wanted.state = random.one_in(3);
  ask(std::move(wanted));
}

void WildClient::unsubscribe() {
  auto& random = ground_.random;
  Ask unwanted{.kind = Ask::Kind::kUnsubscribe, .ref = maybe_ref()};
  const auto& patterns = session_->mirror.patterns();
  for (auto n = random.between(1, 2); n > 0 && !patterns.empty(); --n)
    unwanted.channels.push_back(random.one_of(patterns));
  if (random.one_in(4)) unwanted.channels.push_back(random.one_of(kPatterns));
  if (random.one_in(5)) unwanted.channels = {"*"};
  ask(std::move(unwanted));
}

void WildClient::sync() {
  auto& random = ground_.random;
  Ask state{.kind = Ask::Kind::kSync, .ref = maybe_ref()};
  state.names_channels = random.one_in(2);
  if (state.names_channels)
    for (auto n = random.below(3); n > 0; --n) state.channels.push_back(random.one_of(kPatterns));
  ask(std::move(state));
}

void WildClient::send_garbage() {
  auto& random = ground_.random;
  Ask garbage{.kind = Ask::Kind::kGarbage};
  switch (random.below(3)) {
    case 0:
      garbage.garbage = "{\"type\":\"ping\"";
      garbage.garbage_code = "bad_json";
      break;
    case 1:
      garbage.ref = next_ref();
      garbage.garbage = "{\"type\":\"dance\",\"ref\":" + garbage.ref + "}";
      garbage.garbage_code = "unknown_type";
      break;
    default:
      garbage.ref = next_ref();
      garbage.garbage = "{\"type\":\"subscribe\",\"ref\":" + garbage.ref + "}";
      garbage.garbage_code = "bad_request";
      break;
  }
  ask(std::move(garbage));
}

}  // namespace mlgraph::sim
