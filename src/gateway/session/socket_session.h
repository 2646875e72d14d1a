#pragma once
// The socket's protocol: one session of /ws.
#include <optional>
#include <string>
#include <vector>

#include "gateway/net/websocket.h"
#include "gateway/session/services.h"
#include "protocol/envelope.h"

namespace mlgraph::gateway {

/// Place      one per upgraded connection, made by the gateway's accept hook.
/// Threads    confined to the connection's loop.
/// Invariant  before authentication only auth, ping and hello are served; each request gets at most
/// one answer.
class SocketSession final : public WebSocketUser, private RegisteredSession {
 public:
  SocketSession(SessionServices& services, WebSocket& socket);
  ~SocketSession() override;
  /// The upgrade's own token, if it carried one.
  void begin();

  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override;
  void on_control() override;
  void on_tick(base::SteadyTime now) override;
  void on_closed(int code) override;

 private:
  /// Timestamps of the last minute's offences: ten close the session.
  class Offences {
   public:
    [[nodiscard]] bool tenth(base::SteadyTime now);

   private:
    std::vector<base::SteadyTime> times_;  ///< nine at most: the tenth ends the session
  };

  void serve(const protocol::Request& request);
  void serve_auth(const protocol::Request& request);
  void serve_subscribe(const protocol::Request& request);
  void serve_unsubscribe(const protocol::Request& request);
  void serve_ping(const protocol::Request& request);
  void serve_sync(const protocol::Request& request);
  void serve_hello(const protocol::Request& request);

  /// errors  what the authenticator says; kForbidden for another subject; kOverloaded when the
  /// token has too many sessions.
  [[nodiscard]] base::Result<void> admit(const std::string& token);
  void refuse(const base::Error& why, std::string_view ref);
  [[nodiscard]] base::Result<void> become(Principal principal);
  void on_token_change(const std::string& token, const std::optional<TokenInfo>& info) override;
  void apply_scopes(const protocol::Scopes& scopes, std::string_view reason);
  void send_state(const std::vector<std::string>& channels, const std::string& ref);
  void answer(std::string_view type, std::string_view data_json, std::string_view ref);
  void error(const base::Error& error, std::string_view ref);
  void offend(const base::Error& error, std::string_view ref);
  void expire();
  [[nodiscard]] bool within_rate(std::string_view ref);
  [[nodiscard]] std::string id_of(std::uint64_t seq) const;
  [[nodiscard]] SessionRow row() const override;

  SessionServices& services_;
  WebSocket& socket_;
  std::optional<Principal> principal_;
  TokenBucket requests_;
  Offences bad_messages_;
  Offences over_rate_;
  const base::SteadyTime opened_at_;
  const base::Timestamp since_;
  bool said_hello_ = false;
  bool told_expiring_ = false;
  bool closing_ = false;
};

}  // namespace mlgraph::gateway
