#include "gateway/session/socket_session.h"

#include "base/log.h"
#include "gateway/session/state_snapshot.h"
#include "protocol/error_table.h"

namespace mlgraph::gateway {

using base::Error;
using base::ErrorCode;
using base::fail;
using base::Result;
using protocol::Request;
using protocol::RequestType;

namespace {

constexpr std::size_t kOffencesMax = 10;
constexpr auto kOffenceWindow = std::chrono::minutes(1);
constexpr std::int64_t kExpiringMs = 60'000;

bool is_open_to_all(RequestType type) {
  return type == RequestType::kAuth || type == RequestType::kPing || type == RequestType::kHello;
}

Error unauthorized() {
  return {ErrorCode::kUnauthorized, "send {\"type\":\"auth\",\"token\":\"mlg_…\"} first", {}, {}};
}

template <typename Body>
std::string object(Body&& body) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] { body(out); });
  return text;
}

void write_list(
    base::JsonWriter& out, std::string_view key, const std::vector<std::string>& items
) {
  out.key(key);
  out.array([&] {
    for (const auto& item : items) out.value(item);
  });
}

}  // namespace

bool SocketSession::Offences::tenth(base::SteadyTime now) {
  std::erase_if(times_, [now](base::SteadyTime then) { return now - then > kOffenceWindow; });
  times_.push_back(now);
  return times_.size() >= kOffencesMax;
}

SocketSession::SocketSession(SessionServices& services, WebSocket& socket)
    : services_(services),
      socket_(socket),
      requests_(
          services.limits.requests_per_second,
          services.limits.request_burst,
          services.clock.steady_now()
      ),
      opened_at_(services.clock.steady_now()),
      since_(services.clock.wall_now()) {
  socket_.set_message_max(services_.limits.message_bytes_before_auth);
  // A step runs only while the connection, and so this session, lives.
  services_.registry.add(
      socket_.upgrade().session,
      [post = socket_.poster(), this](std::function<void(RegisteredSession&)> step) {
        post([this, step = std::move(step)](WebSocket&) { step(*this); });
      }
  );
}

static_assert(sizeof(SocketSession) <= 352);  // docs/design/0008-fan-out.md
SocketSession::~SocketSession() = default;

void SocketSession::begin() {
  const auto& token = socket_.upgrade().token;
  if (!token) return;
  if (auto admitted = admit(*token); !admitted) refuse(admitted.error(), {});
}

Result<void> SocketSession::admit(const std::string& token) {
  MLG_TRY(principal, services_.authenticator.authenticate(token, socket_.upgrade().remote));
  if (principal_ && principal_->name != principal.name && !principal.scopes.is_admin() &&
      !principal_->scopes.is_admin())
    return fail(
        ErrorCode::kForbidden,
        "this session is '{}': another subject needs a session of its own",
        principal_->name
    );
  return become(std::move(principal));
}

/// After the upgrade, so that a browser's code can see it. A guess learns nothing from the answer.
void SocketSession::refuse(const Error& why, std::string_view ref) {
  if (why.code == ErrorCode::kForbidden) return offend(why, ref);
  closing_ = true;
  if (why.code == ErrorCode::kOverloaded) {
    error(why, ref);
    return socket_.close(4106, why.message);
  }
  if (why.code == ErrorCode::kRateLimited)
    services_.limiter.count_refusal(
        "unauthenticated", 10, std::chrono::milliseconds(why.retry_after_ms.value_or(1'000))
    );
  const bool expired = why.code == ErrorCode::kTokenExpired;
  error({ErrorCode::kUnauthorized, expired ? why.message : "invalid token", {}, {}}, ref);
  socket_.close(4001, "unauthorized");
}

Result<void> SocketSession::become(Principal principal) {
  if (!services_.registry.join(
          socket_.upgrade().session, principal.name, services_.limits.sessions_per_token
      ))
    return fail(
        ErrorCode::kOverloaded,
        "token '{}' has {} sessions, the limit",
        principal.name,
        services_.limits.sessions_per_token.get()
    );
  // A token that was revoked or changed while this session was joining told only those that had
  // joined.
  MLG_TRY_VOID(refresh(services_.authenticator, principal));
  const bool first = !principal_;
  principal_ = std::move(principal);
  told_expiring_ = false;
  socket_.set_message_max(services_.limits.message_bytes);
  if (first)
    socket_.feed().set_scopes(socket_.slot(), principal_->scopes);
  else
    apply_scopes(principal_->scopes, "the new token's scopes do not cover them");
  return {};
}

void SocketSession::apply_scopes(const protocol::Scopes& scopes, std::string_view reason) {
  const auto gone = socket_.feed().set_scopes(socket_.slot(), scopes);
  if (gone.empty()) return;
  answer(
      "unsubscribed",
      object([&](base::JsonWriter& out) {
        write_list(out, "channels", socket_.feed().channels(socket_.slot()));
        out.member("reason", reason);
      }),
      {}
  );
}

void SocketSession::on_token_change(
    const std::string& token, const std::optional<TokenInfo>& info
) {
  // Meanwhile the session may have become an admin's, whose token is another.
  if (closing_ || !principal_ || principal_->name != token) return;
  if (!info) {
    closing_ = true;
    error({ErrorCode::kUnauthorized, "the token was revoked", {}, {}}, {});
    return socket_.close(4001, "token revoked");
  }
  const auto scopes = protocol::Scopes::parse(info->scopes);
  if (!scopes) return;  // what does not parse is not stored
  principal_->scopes = *scopes;
  principal_->expires_at = info->expires_at;
  told_expiring_ = false;
  apply_scopes(*scopes, "the token's scopes were changed");
}

void SocketSession::on_text(std::string_view message) {
  if (closing_) return;
  const auto request = protocol::parse_request(message);
  if (!within_rate(request ? request->ref : request.error().ref)) return;
  if (request) return serve(*request);
  const auto& broken = request.error();
  // What is not served before authentication is not judged either.
  const bool unknown = broken.error.code == ErrorCode::kUnknownType;
  if (!principal_ && (unknown || (broken.type && !is_open_to_all(*broken.type))))
    return offend(unauthorized(), broken.ref);
  offend(broken.error, broken.ref);
}

void SocketSession::on_binary(std::string_view) {
  closing_ = true;
  socket_.close(1003, "only text messages are understood");
}

void SocketSession::on_control() { static_cast<void>(within_rate({})); }

bool SocketSession::within_rate(std::string_view ref) {
  std::chrono::milliseconds retry_after{0};
  const auto now = services_.clock.steady_now();
  if (requests_.try_take(now, retry_after)) return true;
  error(
      {ErrorCode::kRateLimited,
       fmt::format(
           "more than {} requests a second (burst {})", requests_.per_second(), requests_.burst()
       ),
       {},
       retry_after.count()},
      ref
  );
  services_.limiter.count_refusal(
      principal_ ? principal_->name : "unauthenticated",
      static_cast<std::uint32_t>(requests_.per_second() * 60),
      retry_after
  );
  if (over_rate_.tenth(now)) {
    closing_ = true;
    socket_.close(
        4101,
        fmt::format(
            "rate limited retry_after_ms={}", std::max<std::int64_t>(1'000, retry_after.count())
        )
    );
  }
  return false;
}

void SocketSession::serve(const Request& request) {
  if (!principal_ && !is_open_to_all(request.type)) return offend(unauthorized(), request.ref);
  switch (request.type) {
    case RequestType::kAuth:
      return serve_auth(request);
    case RequestType::kSubscribe:
      return serve_subscribe(request);
    case RequestType::kUnsubscribe:
      return serve_unsubscribe(request);
    case RequestType::kPing:
      return serve_ping(request);
    case RequestType::kSync:
      return serve_sync(request);
    case RequestType::kHello:
      return serve_hello(request);
  }
}

void SocketSession::serve_auth(const Request& request) {
  if (auto admitted = admit(request.token); !admitted) return refuse(admitted.error(), request.ref);
  if (request.ref.empty()) return;
  answer(
      "authenticated",
      object([&](base::JsonWriter& out) {
        out.member("subject", principal_->name);
        write_list(out, "scopes", principal_->scopes.texts());
        out.key("expires_at");
        principal_->expires_at ? out.value(base::format_timestamp(*principal_->expires_at))
                               : out.null();
      }),
      request.ref
  );
}

void SocketSession::serve_subscribe(const Request& request) {
  if (!request.has_channels)
    return offend(
        {ErrorCode::kBadRequest, "subscribe needs channels: an array of texts", {}, {}}, request.ref
    );
  const auto subscribed = socket_.feed().subscribe(
      socket_.slot(),
      request.channels,
      request.since,
      [&](const hub::Subscribed& outcome) {
        if (request.ref.empty()) return std::string();
        return protocol::answer(
            "subscribed",
            services_.clock.wall_now(),
            object([&](base::JsonWriter& out) {
              write_list(out, "channels", outcome.channels);
              out.member("id", outcome.id);
              out.member("recovered", outcome.recovered);
            }),
            request.ref
        );
      }
  );
  if (!subscribed) return offend(subscribed.error(), request.ref);
  if (subscribed->cursor_expired && request.ref.empty())
    error(
        {ErrorCode::kCursorExpired,
         fmt::format(
             "'{}' is past retention or of another epoch: delivery begins at {}",
             *request.since,
             subscribed->id
         ),
         {},
         {}},
        {}
    );
  if (request.state && !subscribed->recovered) send_state(request.channels, request.ref);
}

void SocketSession::serve_unsubscribe(const Request& request) {
  if (!request.has_channels)
    return offend(
        {ErrorCode::kBadRequest, "unsubscribe needs channels: an array of texts", {}, {}},
        request.ref
    );
  const auto left = socket_.feed().unsubscribe(socket_.slot(), request.channels);
  if (request.ref.empty()) return;
  answer(
      "unsubscribed",
      object([&](base::JsonWriter& out) { write_list(out, "channels", left); }),
      request.ref
  );
}

void SocketSession::serve_ping(const Request& request) {
  const std::string id =
      request.ref.empty() ? std::string() : id_of(socket_.feed().position(socket_.slot()));
  socket_.send_text(protocol::pong(services_.clock.wall_now(), request.ref, id));
}

void SocketSession::serve_sync(const Request& request) {
  std::vector<std::string> channels =
      request.has_channels ? request.channels : socket_.feed().channels(socket_.slot());
  for (const auto& channel : channels) {
    const auto pattern = protocol::Pattern::parse(channel);
    if (!pattern) return offend(pattern.error(), request.ref);
    if (!principal_->scopes.could_match(*pattern))
      return offend(
          {ErrorCode::kForbidden,
           fmt::format("channel '{}' is not covered by this token's scopes", channel),
           {},
           {}},
          request.ref
      );
  }
  send_state(channels, request.ref);
}

void SocketSession::send_state(const std::vector<std::string>& channels, const std::string& ref) {
  socket_.feed().take_published();
  StateView view{
      services_.committer.state(),
      services_.committer.tail().epoch,
      services_.hub.newest_metrics(),
      principal_->scopes,
      {}};
  for (const auto& channel : channels)
    if (auto pattern = protocol::Pattern::parse(channel))
      view.patterns.push_back(std::move(*pattern));
  const std::uint64_t seq = view.fold->seq();
  // No pattern at all is an empty state, not a whole one.
  view.nothing = view.patterns.empty();
  socket_.feed().send_state(
      socket_.slot(), seq, state_parts(std::move(view), services_.clock.wall_now(), ref)
  );
}

void SocketSession::serve_hello(const Request& request) {
  said_hello_ = true;
  const auto tail = services_.hub.tail();
  const auto& limits = services_.limits;
  // What this session was given when it began, whatever a reload has changed since; only the size
  // of messages is taken anew here, so that it is as told.
  const auto given = socket_.feed().options(socket_.slot());
  if (principal_) socket_.set_message_max(limits.message_bytes);
  answer(
      "welcome",
      object([&](base::JsonWriter& out) {
        out.member("server", "mlgraphd");
        out.member("version", services_.version);
        out.member("node", services_.node);
        out.member("session", socket_.upgrade().session);
        out.member("epoch", tail.epoch);
        out.member("id", model::format_cursor(tail));
        out.member("oldest_id", id_of(services_.hub.oldest() - 1));
        out.member("authenticated", principal_.has_value());
        out.member("heartbeat_seconds", limits.heartbeat_seconds.get());
        out.key("limits");
        out.object([&] {
          out.member("message_bytes", limits.message_bytes.get());
          out.member("patterns", given.patterns_max);
          out.member("requests_per_second", static_cast<std::uint64_t>(requests_.per_second()));
          out.member("request_burst", static_cast<std::uint64_t>(requests_.burst()));
          out.member("sessions_per_token", limits.sessions_per_token.get());
          out.member("queue_bytes", given.queue_bytes_max);
        });
      }),
      request.ref
  );
}

void SocketSession::answer(
    std::string_view type, std::string_view data_json, std::string_view ref
) {
  socket_.send_text(protocol::answer(type, services_.clock.wall_now(), data_json, ref));
}

void SocketSession::error(const Error& error, std::string_view ref) {
  services_.metrics.count_error(std::string(protocol::row_of(error.code).name));
  base::log(
      base::LogLevel::kDebug,
      "session error",
      "session",
      socket_.upgrade().session,
      "code",
      protocol::row_of(error.code).name,
      "reason",
      error.message
  );
  socket_.send_text(protocol::error_message(services_.clock.wall_now(), error, ref));
}

void SocketSession::offend(const Error& what, std::string_view ref) {
  error(what, ref);
  if (!bad_messages_.tenth(services_.clock.steady_now())) return;
  closing_ = true;
  socket_.close(4009, "too many errors");
}

void SocketSession::on_tick(base::SteadyTime now) {
  if (closing_) return;
  if (!principal_) {
    if (now - opened_at_ >= services_.limits.auth_timeout.get()) {
      closing_ = true;
      socket_.close(4104, "no auth in time");
    }
    return;
  }
  if (!principal_->expires_at) return;
  const auto wall = services_.clock.wall_now();
  if (*principal_->expires_at <= wall) return expire();
  if (said_hello_ && !told_expiring_ && principal_->expires_at->ms - wall.ms <= kExpiringMs) {
    told_expiring_ = true;
    answer(
        "auth_expiring",
        object([&](base::JsonWriter& out) {
          out.member("expires_at", base::format_timestamp(*principal_->expires_at));
        }),
        {}
    );
  }
}

void SocketSession::expire() {
  closing_ = true;
  error(
      {ErrorCode::kTokenExpired,
       fmt::format("the token '{}' has expired", principal_->name),
       {},
       {}},
      {}
  );
  socket_.close(4201, "token expired");
}

void SocketSession::on_closed(int) {
  closing_ = true;
  services_.registry.remove(socket_.upgrade().session);
}

std::string SocketSession::id_of(std::uint64_t seq) const {
  return model::format_cursor({services_.hub.tail().epoch, seq});
}

SessionRow SocketSession::row() const {
  const auto& upgrade = socket_.upgrade();
  SessionRow row;
  row.session = upgrade.session;
  if (principal_) row.token = principal_->name;
  row.remote = upgrade.remote;
  row.transport = "websocket";
  row.since = since_;
  row.channels = socket_.feed().channels(socket_.slot());
  row.queued_bytes = socket_.feed().queued_bytes(socket_.slot());
  const auto position = socket_.feed().position(socket_.slot());
  const auto newest = services_.hub.tail().seq;
  row.id = id_of(position);
  row.lag = newest > position ? newest - position : 0;
  return row;
}

}  // namespace mlgraph::gateway
