#include "gateway/auth/wrong_tokens.h"

#include <algorithm>

namespace mlgraph::gateway {
namespace {

constexpr auto kGuessWindow = std::chrono::minutes(1);
constexpr std::size_t kAddressesMax = 10'000;
constexpr std::uint32_t kDoublingsMax = 6;  // up to 32 s
constexpr std::int64_t kFirstWaitMs = 1'000;

}  // namespace

base::Error WrongTokens::count(const std::string& remote, base::SteadyTime now) {
  auto it = counts_.find(remote);
  if (it == counts_.end()) {
    if (counts_.size() >= kAddressesMax) {
      counts_.erase(oldest_.front());
      oldest_.pop_front();
    }
    oldest_.push_back(remote);
    it = counts_.emplace(remote, Count{0, now, std::prev(oldest_.end())}).first;
  }
  auto& count = it->second;
  oldest_.splice(oldest_.end(), oldest_, count.place);
  if (now - count.since >= kGuessWindow) {
    count.since = now;
    count.wrong = 0;
  }
  if (++count.wrong <= kFreeAMinute)
    return {base::ErrorCode::kUnauthorized, "invalid token", {}, {}};
  const auto doublings = std::min(count.wrong - kFreeAMinute - 1, kDoublingsMax - 1);
  return {
      base::ErrorCode::kRateLimited,
      "too many invalid tokens from this address",
      {},
      kFirstWaitMs << doublings};
}

WrongTokens::Budget WrongTokens::budget(const std::string& remote, base::SteadyTime now) const {
  const auto it = counts_.find(remote);
  if (it == counts_.end() || now - it->second.since >= kGuessWindow) return {};
  Budget budget;
  budget.remaining = kFreeAMinute - std::min(it->second.wrong, kFreeAMinute);
  const auto left = std::chrono::ceil<std::chrono::seconds>(it->second.since + kGuessWindow - now);
  budget.reset_seconds = static_cast<std::uint32_t>(left.count());
  return budget;
}

}  // namespace mlgraph::gateway
