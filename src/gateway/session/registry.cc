#include "gateway/session/registry.h"

#include <algorithm>
#include <future>

namespace mlgraph::gateway {
namespace {

constexpr auto kRollTime = std::chrono::seconds(1);

/// The answers of a roll call. Threads: shared.
struct Roll {
  base::Mutex mutex;
  std::vector<SessionRow> rows MLG_GUARDED_BY(mutex);
  std::promise<void> complete;  ///< kept when nobody is left to answer
};

}  // namespace

void SessionRegistry::add(const std::string& session, Post post) {
  base::MutexLock lock(mutex_);
  sessions_[session] = {{}, std::move(post)};
}

bool SessionRegistry::join(const std::string& session, const std::string& token, std::size_t max) {
  base::MutexLock lock(mutex_);
  const auto it = sessions_.find(session);
  if (it == sessions_.end()) return false;
  if (it->second.token == token) return true;
  if (per_token_[token] >= max) return false;
  if (!it->second.token.empty() && --per_token_[it->second.token] == 0)
    per_token_.erase(it->second.token);
  ++per_token_[token];
  it->second.token = token;
  return true;
}

void SessionRegistry::remove(const std::string& session) {
  base::MutexLock lock(mutex_);
  const auto it = sessions_.find(session);
  if (it == sessions_.end()) return;
  if (const auto& token = it->second.token; !token.empty() && --per_token_[token] == 0)
    per_token_.erase(token);
  sessions_.erase(it);
}

void SessionRegistry::token_changed(const std::string& token, const std::optional<TokenInfo>& info)
    const {
  std::vector<Post> concerned;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [session, item] : sessions_)
      if (item.token == token) concerned.push_back(item.post);
  }
  for (const auto& post : concerned)
    post([token, info](RegisteredSession& session) { session.on_token_change(token, info); });
}

std::vector<SessionRow> SessionRegistry::rows() const {
  const auto roll = std::make_shared<Roll>();
  auto complete = roll->complete.get_future();
  {
    // Each step holds a reference, whether it runs or is dropped: the last one to go ends the wait.
    const std::shared_ptr<void> asked(nullptr, [roll](void*) { roll->complete.set_value(); });
    std::vector<Post> all;
    {
      base::MutexLock lock(mutex_);
      for (const auto& [session, item] : sessions_) all.push_back(item.post);
    }
    for (const auto& post : all)
      post([roll, asked](RegisteredSession& session) {
        auto row = session.row();
        base::MutexLock lock(roll->mutex);
        roll->rows.push_back(std::move(row));
      });
  }
  static_cast<void>(complete.wait_for(kRollTime));
  base::MutexLock lock(roll->mutex);
  std::vector<SessionRow> rows = roll->rows;
  std::sort(rows.begin(), rows.end(), [](const SessionRow& a, const SessionRow& b) {
    return a.session < b.session;
  });
  return rows;
}

}  // namespace mlgraph::gateway
