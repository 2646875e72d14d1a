#include "gateway/session/sse_session.h"

#include "base/random.h"
#include "protocol/envelope.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

namespace {

constexpr auto kQuiet = std::chrono::seconds(15);

class SseSession final : public SseUser, private RegisteredSession {
 public:
  SseSession(SessionServices& services, SseStream& stream, const HttpRequest& request)
      : services_(services),
        stream_(stream),
        principal_(request.principal),
        quiet_since_(services.clock.steady_now()) {
    row_.session = base::random_name(12);
    row_.remote = request.remote;
    row_.transport = "sse";
    row_.since = services.clock.wall_now();
    row_.token = principal_.name;
  }

  Result<void> begin(const HttpRequest& request) {
    services_.registry.add(
        row_.session,
        [post = stream_.poster(), this](std::function<void(RegisteredSession&)> step) {
          post([this, step = std::move(step)](SseStream&) { step(*this); });
        }
    );
    registered_ = true;
    if (!services_.registry.join(
            row_.session, principal_.name, services_.limits.sessions_per_token
        ))
      return base::fail(
          ErrorCode::kOverloaded,
          "token '{}' has {} sessions, the limit",
          principal_.name,
          services_.limits.sessions_per_token.get()
      );
    // As for sockets: what changed before it had joined was not told to it.
    MLG_TRY_VOID(refresh(services_.authenticator, principal_));
    stream_.feed().set_scopes(stream_.slot(), principal_.scopes);
    std::optional<std::string> since = request.query_value("since");
    if (!request.last_event_id.empty()) since = request.last_event_id;
    MLG_TRY(channels, request.channels());
    const auto subscribed =
        stream_.feed()
            .subscribe(stream_.slot(), channels, since, [this](const hub::Subscribed& outcome) {
              stream_.send_raw("retry: 1000\nid: " + outcome.id + "\n\n");
              return std::string();
            });
    if (!subscribed) return tl::unexpected(subscribed.error());
    if (subscribed->cursor_expired) tell_expired();
    return {};
  }
  ~SseSession() override {
    if (registered_) services_.registry.remove(row_.session);
  }

  void on_tick(base::SteadyTime now) override {
    if (principal_.expires_at && *principal_.expires_at <= services_.clock.wall_now())
      return end(ErrorCode::kTokenExpired, "the token has expired");
    if (now - quiet_since_ < kQuiet) return;
    // A bare id keeps a quiet stream's cursor fresh, and shows proxies that it lives.
    quiet_since_ = now;
    stream_.send_raw("id: " + row().id + "\n\n");
  }
  void on_closed() override {
    services_.registry.remove(row_.session);
    registered_ = false;
  }

 private:
  SessionRow row() const override {
    SessionRow row = row_;
    row.channels = stream_.feed().channels(stream_.slot());
    row.queued_bytes = stream_.feed().queued_bytes(stream_.slot());
    const auto position = stream_.feed().position(stream_.slot());
    const auto tail = services_.hub.tail();
    row.id = model::format_cursor({tail.epoch, position});
    row.lag = tail.seq > position ? tail.seq - position : 0;
    return row;
  }
  void on_token_change(const std::string&, const std::optional<TokenInfo>& info) override {
    if (!info) return end(ErrorCode::kUnauthorized, "the token was revoked");
    const auto scopes = protocol::Scopes::parse(info->scopes);
    if (!scopes) return;
    principal_.expires_at = info->expires_at;
    static_cast<void>(stream_.feed().set_scopes(stream_.slot(), *scopes));
  }
  void tell(const base::Error& error) {
    stream_.send_raw(
        "data: " + protocol::error_message(services_.clock.wall_now(), error, {}) + "\n\n"
    );
  }
  void tell_expired() {
    tell(
        {ErrorCode::kCursorExpired,
         "the cursor is past retention or of another epoch: delivery begins with new events",
         {},
         {}}
    );
  }
  void end(ErrorCode code, std::string why) {
    tell({code, std::move(why), {}, {}});
    stream_.close();
  }

  SessionServices& services_;
  SseStream& stream_;
  Principal principal_;
  SessionRow row_;  ///< what does not change
  base::SteadyTime quiet_since_;
  bool registered_ = false;
};

}  // namespace

Result<std::unique_ptr<SseUser>> begin_sse_session(
    SessionServices& services, SseStream& stream, const HttpRequest& request
) {
  auto session = std::make_unique<SseSession>(services, stream, request);
  MLG_TRY_VOID(session->begin(request));
  return session;
}

}  // namespace mlgraph::gateway
