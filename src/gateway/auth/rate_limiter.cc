#include "gateway/auth/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace mlgraph::gateway {
namespace {
constexpr auto kWindow = std::chrono::seconds(60);
// Within 2 s of the first refusal, with the count so far: asked ten times a second, about 1.1 s.
constexpr auto kReportAfter = std::chrono::seconds(1);
constexpr auto kForgetAfter = std::chrono::minutes(10);
constexpr std::size_t kBucketsMax = 100'000;
}  // namespace

bool TokenBucket::try_take(base::SteadyTime now, std::chrono::milliseconds& retry_after) {
  level_ = level(now);
  at_ = now;
  if (level_ >= 1) {
    level_ -= 1;
    return true;
  }
  retry_after = std::chrono::milliseconds(
      static_cast<std::int64_t>(std::ceil((1 - level_) / per_second_ * 1000))
  );
  return false;
}

double TokenBucket::level(base::SteadyTime now) const {
  const double seconds = std::chrono::duration<double>(now - at_).count();
  return std::min(burst_, level_ + std::max(0.0, seconds) * per_second_);
}

class RateLimiter::Impl {
 public:
  explicit Impl(const base::Clock& clock) : clock_(clock) {}

  Verdict check(const std::string& name, std::uint32_t per_minute, std::uint32_t burst) {
    base::MutexLock lock(mutex_);
    const auto now = clock_.steady_now();
    auto it = buckets_.find(name);
    // A limit that was changed begins anew.
    if (it != buckets_.end() &&
        (it->second.per_minute != per_minute || it->second.burst != burst)) {
      buckets_.erase(it);
      it = buckets_.end();
    }
    if (it == buckets_.end())
      it = buckets_
               .emplace(
                   name, Bucket{TokenBucket(per_minute / 60.0, burst, now), per_minute, burst, now}
               )
               .first;
    auto& bucket = it->second;
    bucket.used = now;
    Verdict verdict;
    verdict.limit = per_minute;
    verdict.allowed = bucket.tokens.try_take(now, verdict.retry_after);
    const double level = bucket.tokens.level(now);
    verdict.remaining = static_cast<std::uint32_t>(std::max(0.0, level));
    verdict.reset_seconds =
        static_cast<std::uint32_t>(std::ceil((burst - level) / (per_minute / 60.0)));
    if (!verdict.allowed) note(name, per_minute, verdict.retry_after, now);
    return verdict;
  }

  void count_refusal(
      const std::string& name, std::uint32_t limit, std::chrono::milliseconds retry_after
  ) {
    base::MutexLock lock(mutex_);
    note(name, limit, retry_after, clock_.steady_now());
  }

  std::vector<Report> due_reports() {
    base::MutexLock lock(mutex_);
    const auto now = clock_.steady_now();
    std::vector<Report> due;
    for (auto& [name, window] : windows_) {
      if (window.reported || now - window.first < kReportAfter) continue;
      window.reported = true;
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
          window.retry_after + std::chrono::milliseconds(999)
      );
      due.push_back(
          {name,
           window.limit,
           60,
           window.rejected,
           static_cast<std::uint32_t>(std::max<std::int64_t>(1, seconds.count()))}
      );
    }
    std::erase_if(windows_, [&](const auto& item) {
      return item.second.reported && now - item.second.first >= kWindow;
    });
    std::erase_if(buckets_, [&](const auto& item) {
      return now - item.second.used >= kForgetAfter;
    });
    return due;
  }

  void forget(const std::string& name) {
    base::MutexLock lock(mutex_);
    buckets_.erase(name);
  }

 private:
  struct Bucket {
    TokenBucket tokens;
    std::uint32_t per_minute, burst;
    base::SteadyTime used;
  };
  struct Window {
    base::SteadyTime first;
    std::uint64_t rejected = 0;
    std::uint32_t limit = 0;
    std::chrono::milliseconds retry_after{0};
    bool reported = false;
  };

  void note(
      const std::string& name,
      std::uint32_t limit,
      std::chrono::milliseconds retry_after,
      base::SteadyTime now
  ) MLG_REQUIRES(mutex_) {
    auto it = windows_.find(name);
    if (it != windows_.end() && now - it->second.first >= kWindow && it->second.reported) {
      windows_.erase(it);
      it = windows_.end();
    }
    if (it == windows_.end()) {
      if (windows_.size() >= kBucketsMax) return;
      it = windows_.emplace(name, Window{now, 0, limit, retry_after, false}).first;
    }
    ++it->second.rejected;
    it->second.retry_after = retry_after;
  }

  const base::Clock& clock_;
  base::Mutex mutex_;
  std::map<std::string, Bucket> buckets_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, Window> windows_ MLG_GUARDED_BY(mutex_);
};

RateLimiter::RateLimiter(const base::Clock& clock) : impl_(std::make_shared<Impl>(clock)) {}
RateLimiter::Verdict RateLimiter::check(
    const std::string& bucket, std::uint32_t per_minute, std::uint32_t burst
) {
  return impl_->check(bucket, per_minute, burst);
}
void RateLimiter::count_refusal(
    const std::string& bucket, std::uint32_t limit, std::chrono::milliseconds retry_after
) {
  impl_->count_refusal(bucket, limit, retry_after);
}
std::vector<RateLimiter::Report> RateLimiter::due_reports() { return impl_->due_reports(); }
void RateLimiter::forget(const std::string& bucket) { impl_->forget(bucket); }

}  // namespace mlgraph::gateway
