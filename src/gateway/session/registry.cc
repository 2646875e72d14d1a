#include "gateway/session/registry.h"

namespace mlgraph::gateway {

void SessionRegistry::add(const SessionRow& row, OnTokenChange on_token_change) {
  base::MutexLock lock(mutex_);
  sessions_[row.session] = {row, std::move(on_token_change)};
}

void SessionRegistry::update(const SessionRow& row) {
  base::MutexLock lock(mutex_);
  const auto it = sessions_.find(row.session);
  if (it == sessions_.end()) return;
  const std::string token = it->second.row.token;  // set by join alone
  it->second.row = row;
  it->second.row.token = token;
}

bool SessionRegistry::join(const std::string& session, const std::string& token, std::size_t max) {
  base::MutexLock lock(mutex_);
  const auto it = sessions_.find(session);
  if (it == sessions_.end()) return false;
  if (it->second.row.token == token) return true;
  if (per_token_[token] >= max) return false;
  if (!it->second.row.token.empty() && --per_token_[it->second.row.token] == 0)
    per_token_.erase(it->second.row.token);
  ++per_token_[token];
  it->second.row.token = token;
  return true;
}

void SessionRegistry::remove(const std::string& session) {
  base::MutexLock lock(mutex_);
  const auto it = sessions_.find(session);
  if (it == sessions_.end()) return;
  if (const auto& token = it->second.row.token; !token.empty() && --per_token_[token] == 0)
    per_token_.erase(token);
  sessions_.erase(it);
}

void SessionRegistry::token_changed(const std::string& token, const std::optional<TokenInfo>& info)
    const {
  std::vector<OnTokenChange> concerned;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [session, item] : sessions_)
      if (item.row.token == token) concerned.push_back(item.on_token_change);
  }
  for (const auto& tell : concerned) tell(info);
}

std::vector<SessionRow> SessionRegistry::rows() const {
  base::MutexLock lock(mutex_);
  std::vector<SessionRow> all;
  for (const auto& [session, item] : sessions_) all.push_back(item.row);
  return all;
}

}  // namespace mlgraph::gateway
