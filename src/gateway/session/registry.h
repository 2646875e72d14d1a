#pragma once
#include <functional>
#include <map>
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

/// All live sessions: who they are, and how to reach them when their token changes.
/// Threads: shared. Rows are refreshed by their sessions about once a second.
class SessionRegistry {
 public:
  /// Called on a thread of its own choosing; must only post.
  using OnTokenChange = std::function<void(const std::optional<TokenInfo>& info)>;

  void add(const SessionRow& row, OnTokenChange on_token_change);
  void update(const SessionRow& row);
  /// Takes a place among the sessions of `token`; false: `max` are taken.
  [[nodiscard]] bool join(const std::string& session, const std::string& token, std::size_t max);
  void remove(const std::string& session);
  void token_changed(const std::string& token, const std::optional<TokenInfo>& info) const;
  [[nodiscard]] std::vector<SessionRow> rows() const;

 private:
  struct Item {
    SessionRow row;
    OnTokenChange on_token_change;
  };
  mutable base::Mutex mutex_;
  std::map<std::string, Item> sessions_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> per_token_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::gateway
