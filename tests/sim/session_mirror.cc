#include "sim/session_mirror.h"

#include <algorithm>

#include "model/cursor.h"

namespace mlgraph::sim {
namespace {
constexpr auto kAuthTimeout = std::chrono::seconds(10);
constexpr auto kOffenceWindow = std::chrono::minutes(1);
constexpr std::size_t kOffencesMax = 10;
constexpr std::int64_t kExpiringMs = 60'000;

/// Whether this is the tenth of its kind within a minute.
bool is_tenth(std::deque<base::SteadyTime>& times, base::SteadyTime now) {
  times.push_back(now);
  while (now - times.front() > kOffenceWindow) times.pop_front();
  return times.size() >= kOffencesMax;
}
}  // namespace

Operation SessionMirror::begin(std::string what) const {
  Operation op;
  op.what = std::move(what);
  op.published = ground_.history.size();
  op.sampled = ground_.sampled;
  return op;
}

void SessionMirror::error(const char* code, const std::string& ref, Operation& op) const {
  Answer answer;
  answer.type = "error";
  answer.code = code;
  answer.ref = ref;
  op.answers.push_back(std::move(answer));
}

void SessionMirror::close(int code, Operation& op) {
  op.close = code;
  closing_ = true;
}

void SessionMirror::offend(const char* code, const std::string& ref, Operation& op) {
  error(code, ref, op);
  if (is_tenth(offences_, ground_.clock.steady_now())) close(4009, op);
}

bool SessionMirror::within_rate(const std::string& ref, Operation& op) {
  const auto now = ground_.clock.steady_now();
  const double seconds = std::chrono::duration<double>(now - budget_at_).count();
  budget_ = std::min<double>(
      ground_.bounds.request_burst, budget_ + seconds * ground_.bounds.requests_per_second
  );
  budget_at_ = now;
  if (budget_ >= 1) {
    --budget_;
    return true;
  }
  error("rate_limited", ref, op);
  if (is_tenth(refusals_, now)) close(4101, op);
  return false;
}

bool SessionMirror::has(const std::string& pattern) const {
  return std::find(patterns_.begin(), patterns_.end(), pattern) != patterns_.end();
}

Operation SessionMirror::on_accept(const std::optional<std::string>& bearer) {
  Operation op = begin("accept");
  opened_at_ = budget_at_ = ground_.clock.steady_now();
  budget_ = ground_.bounds.request_burst;
  if (!bearer || !authenticate(*bearer, {}, op)) return op;
  become(*ground_.token_by_secret(*bearer), op);
  return op;
}

bool SessionMirror::authenticate(const std::string& secret, const std::string& ref, Operation& op) {
  const Token* token = ground_.token_by_secret(secret);
  const auto now = ground_.clock.wall_now();
  if (!token || token->revoked || (token->expires_at && *token->expires_at <= now)) {
    error("unauthorized", ref, op);
    close(4001, op);
    return false;
  }
  return true;
}

void SessionMirror::become(const Token& token, Operation& op) {
  if (token_) {
    op.narrows = true;
    ++narrowings_;
  }
  token_ = token;
  told_expiring_ = false;
  narrow(Grants(token.scopes), op);
}

/// Other scopes: patterns that they do not allow go, and that is told.
void SessionMirror::narrow(const Grants& grants, Operation& op) {
  for (const auto& pattern : patterns_)
    if (!could_match(pattern, grants)) op.removed.push_back(pattern);
  std::erase_if(patterns_, [&](const std::string& pattern) {
    return !could_match(pattern, grants);
  });
  grants_ = grants;
  op.grants = grants;
  if (op.removed.empty()) return;
  Answer told;
  told.type = "unsubscribed";
  told.channels = patterns_;
  told.has_reason = true;
  op.answers.push_back(std::move(told));
}

Operation SessionMirror::on_ask(const Ask& ask) {
  Operation op = begin(to_json(ask));
  if (!within_rate(ask.ref, op)) return op;
  using Kind = Ask::Kind;
  if (ask.kind == Kind::kGarbage) {
    // What is not served before authentication is not judged either, if it can be told.
    const bool judged = token_ || ask.garbage_code == "bad_json";
    offend(judged ? ask.garbage_code.c_str() : "unauthorized", ask.ref, op);
    return op;
  }
  if (!token_ && ask.kind != Kind::kAuth && ask.kind != Kind::kPing && ask.kind != Kind::kHello) {
    offend("unauthorized", ask.ref, op);
    return op;
  }
  switch (ask.kind) {
    case Kind::kAuth:
      on_auth(ask, op);
      break;
    case Kind::kSubscribe:
      on_subscribe(ask, op);
      break;
    case Kind::kUnsubscribe:
      on_unsubscribe(ask, op);
      break;
    case Kind::kSync:
      on_sync(ask, op);
      break;
    case Kind::kPing: {
      Answer pong;
      pong.type = "pong";
      pong.ref = ask.ref;
      pong.tells_position = !ask.ref.empty();
      op.answers.push_back(std::move(pong));
      break;
    }
    case Kind::kHello: {
      said_hello_ = true;
      Answer welcome;
      welcome.type = "welcome";
      welcome.ref = ask.ref;
      welcome.id = ground_.id_of(op.published);
      op.answers.push_back(std::move(welcome));
      break;
    }
    case Kind::kGarbage:
      break;
  }
  return op;
}

void SessionMirror::on_auth(const Ask& ask, Operation& op) {
  if (!authenticate(ask.secret, ask.ref, op)) return;
  const Token& token = *ground_.token_by_secret(ask.secret);
  if (token_ && token_->name != token.name && !Grants(token.scopes).is_admin() &&
      !grants_.is_admin())
    return offend("forbidden", ask.ref, op);
  become(token, op);
  if (ask.ref.empty()) return;
  Answer authenticated;
  authenticated.type = "authenticated";
  authenticated.ref = ask.ref;
  op.answers.push_back(std::move(authenticated));
}

bool SessionMirror::judge_channels(const Ask& ask, Operation& op) {
  for (const auto& channel : ask.channels) {
    if (is_malformed(channel)) {
      offend("invalid_channel", ask.ref, op);
      return false;
    }
    if (!could_match(channel, grants_)) {
      offend("forbidden", ask.ref, op);
      return false;
    }
  }
  return true;
}

void SessionMirror::on_subscribe(const Ask& ask, Operation& op) {
  if (!judge_channels(ask, op)) return;
  for (const auto& channel : ask.channels)
    if (!has(channel) && std::find(op.added.begin(), op.added.end(), channel) == op.added.end())
      op.added.push_back(channel);
  const auto refuse = [&](const char* code) {
    op.added.clear();
    offend(code, ask.ref, op);
  };
  if (patterns_.size() + op.added.size() > ground_.bounds.patterns)
    return refuse("too_many_channels");
  op.begin = op.published;
  bool recovered = false;
  if (ask.since) {
    const auto cursor = model::parse_cursor(*ask.since);
    if (!cursor) return refuse("bad_request");
    const bool ours = cursor->epoch == ground_.log.epoch();
    if (ours && cursor->seq > op.published) return refuse("bad_request");
    recovered = ours && cursor->seq + 1 >= ground_.log.oldest_kept();
    if (recovered) op.begin = cursor->seq;
  }
  patterns_.insert(patterns_.end(), op.added.begin(), op.added.end());
  if (!ask.ref.empty()) {
    Answer subscribed;
    subscribed.type = "subscribed";
    subscribed.ref = ask.ref;
    subscribed.channels = patterns_;
    subscribed.id = ground_.id_of(op.begin);
    subscribed.recovered = recovered;
    op.answers.push_back(std::move(subscribed));
  } else if (ask.since && !recovered) {
    error("cursor_expired", {}, op);
  }
  if (ask.state && !recovered) op.state = state_due(ask.channels, ask.ref);
}

void SessionMirror::on_unsubscribe(const Ask& ask, Operation& op) {
  const bool all = std::find(ask.channels.begin(), ask.channels.end(), "*") != ask.channels.end();
  for (const auto& pattern : patterns_)
    if (all || std::find(ask.channels.begin(), ask.channels.end(), pattern) != ask.channels.end())
      op.removed.push_back(pattern);
  for (const auto& pattern : op.removed) std::erase(patterns_, pattern);
  if (!op.removed.empty()) {
    op.narrows = true;
    ++narrowings_;
  }
  if (ask.ref.empty()) return;
  Answer unsubscribed;
  unsubscribed.type = "unsubscribed";
  unsubscribed.ref = ask.ref;
  unsubscribed.channels = patterns_;
  op.answers.push_back(std::move(unsubscribed));
}

void SessionMirror::on_sync(const Ask& ask, Operation& op) {
  if (!judge_channels(ask, op)) return;
  op.state = state_due(ask.names_channels ? ask.channels : patterns_, ask.ref);
}

StateDue SessionMirror::state_due(std::vector<std::string> shown, const std::string& ref) const {
  StateDue due;
  due.seq = ground_.history.size();
  due.ref = ref;
  for (const auto& [channel, sample] : ground_.samples)
    if (any_covers(shown, sample.kind, sample.entity)) due.samples[channel] = sample;
  due.shown = std::move(shown);
  due.subscribed = patterns_;
  due.grants = grants_;
  due.narrowings = narrowings_;
  return due;
}

Operation SessionMirror::on_token_change(const Token& token) {
  Operation op = begin(token.revoked ? "its token is revoked" : "its token's scopes change");
  if (closing_ || !token_ || token_->name != token.name) return op;
  if (token.revoked) {
    error("unauthorized", {}, op);
    close(4001, op);
    return op;
  }
  become(token, op);
  return op;
}

Operation SessionMirror::on_tick() {
  Operation op = begin("tick");
  if (closing_) return op;
  if (!token_) {
    if (ground_.clock.steady_now() - opened_at_ >= kAuthTimeout) close(4104, op);
    return op;
  }
  if (!token_->expires_at) return op;
  const auto left = token_->expires_at->ms - ground_.clock.wall_now().ms;
  if (left <= 0) {
    error("token_expired", {}, op);
    close(4201, op);
  } else if (said_hello_ && !told_expiring_ && left <= kExpiringMs) {
    told_expiring_ = true;
    Answer expiring;
    expiring.type = "auth_expiring";
    op.answers.push_back(std::move(expiring));
  }
  return op;
}

Operation SessionMirror::on_drain() {
  Operation op = begin("drain");
  if (!closing_) close(4103, op);
  return op;
}

void SessionMirror::check(std::string_view name) const {
  if (closing_ || !token_) return;
  for (const Token& token : ground_.tokens)
    if (token.name == token_->name && (token.revoked || token.scopes != token_->scopes))
      ground_.transcript.violation("{}: has not heard that its token {} changed", name, token.name);
}

}  // namespace mlgraph::sim
