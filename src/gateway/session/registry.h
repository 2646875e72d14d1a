#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "gateway/auth/authenticator.h"

namespace mlgraph::gateway {

/// One live session as GET /sessions shows it.
struct SessionRow {
  std::string session;
  std::string token;  ///< its name; empty before authentication
  std::string remote;
  std::string transport;  ///< "websocket" or "sse"
  std::vector<std::string> channels;
  std::size_t queued_bytes = 0;
  std::string id;         ///< the newest id it is past
  std::uint64_t lag = 0;  ///< events it is behind the newest
  base::Timestamp since;
};

/// A session as the registry reaches it: on its own loop.
class RegisteredSession {
 public:
  virtual ~RegisteredSession() = default;
  /// nullopt: revoked. `token`: the one that changed, which the session may have left by then.
  virtual void on_token_change(const std::string& token, const std::optional<TokenInfo>& info) = 0;
  [[nodiscard]] virtual SessionRow row() const = 0;
};

/// All live sessions: who they are, and how to reach them when their token changes or somebody
/// asks. Threads: shared. An idle session costs a map entry and no work.
class SessionRegistry {
 public:
  /// Posts a step to the session's loop; it is dropped when the session has ended by then.
  using Post = std::function<void(std::function<void(RegisteredSession&)>)>;

  void add(const std::string& session, Post post);
  /// Takes a place among the sessions of `token`; false: `max` are taken.
  [[nodiscard]] bool join(const std::string& session, const std::string& token, std::size_t max);
  void remove(const std::string& session);
  void token_changed(const std::string& token, const std::optional<TokenInfo>& info) const;
  /// Asks every session, and waits for their answers, at most a second. Never on an I/O loop.
  [[nodiscard]] std::vector<SessionRow> rows() const;

 private:
  struct Item {
    std::string token;
    Post post;
  };
  mutable base::Mutex mutex_;
  std::map<std::string, Item> sessions_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> per_token_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::gateway
