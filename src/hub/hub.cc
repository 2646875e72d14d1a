#include "hub/hub.h"

#include <map>

#include "base/mutex.h"
#include "hub/frame.h"
#include "hub/loop_feed.h"

namespace mlgraph::hub {

class Hub::Impl {
 public:
  Impl(
      const store::Log& log,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock,
      const Options& options
  )
      : shared_{
            log,
            metrics,
            clock,
            options,
            Ring(log.tail(), options.ring_bytes_max),
            Replayer(log, metrics, options.replay_chunk_bytes, options.replay_executor)} {}

  LoopFeed& add_loop(Post post, Sender* sender) {
    loops_.push_back(
        std::make_unique<LoopFeedImpl>(shared_, std::move(post), sender, shared_.ring.newest())
    );
    return *loops_.back();
  }

  void publish(std::span<const std::shared_ptr<const model::Entry>> entries) {
    const auto now = shared_.clock.steady_now();
    auto batch = std::make_shared<std::vector<FramePtr>>();
    batch->reserve(entries.size());
    for (const auto& entry : entries) batch->push_back(make_event_frame(*entry, now));
    shared_.ring.append(*batch);
    shared_.metrics.events.add(now, entries.size());
    hand_on(batch);
  }

  void publish_metric(
      model::EventKind kind,
      std::string_view entity,
      std::string_view index,
      base::Timestamp at,
      std::string_view data_json
  ) {
    const auto now = shared_.clock.steady_now();
    auto frame =
        make_metric_frame(kind, entity, index, model::encode_event(kind, at, data_json, {}), now);
    {
      base::MutexLock lock(mutex_);
      newest_[{kind, std::string(entity)}] = frame;
    }
    shared_.metrics.events.add(now);
    auto batch = std::make_shared<std::vector<FramePtr>>();
    batch->push_back(std::move(frame));
    hand_on(batch);
  }

  std::vector<FramePtr> newest_metrics() const {
    base::MutexLock lock(mutex_);
    std::vector<FramePtr> all;
    for (const auto& [key, frame] : newest_) all.push_back(frame);
    return all;
  }

  void forget_metrics_of(std::string_view index) {
    base::MutexLock lock(mutex_);
    std::erase_if(newest_, [&](const auto& item) { return item.second->index == index; });
  }

  model::Cursor tail() const { return {shared_.log.epoch(), shared_.ring.newest()}; }
  std::uint64_t oldest() const { return shared_.log.oldest(); }
  void set_stall_limit(std::chrono::seconds limit) { shared_.options.stall_limit = limit; }
  void stop() { shared_.replayer.stop(); }

 private:
  void hand_on(const FrameBatch& batch) {
    for (const auto& loop : loops_) loop->enqueue(batch);
  }

  FeedShared shared_;
  std::vector<std::unique_ptr<LoopFeedImpl>> loops_;  // complete before the first publish
  mutable base::Mutex mutex_;
  std::map<std::pair<model::EventKind, std::string>, FramePtr> newest_ MLG_GUARDED_BY(mutex_);
};

Hub::Hub(
    const store::Log& log,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    const Options& options
)
    : impl_(std::make_unique<Impl>(log, metrics, clock, options)) {}
Hub::~Hub() = default;
LoopFeed& Hub::add_loop(Post post, Sender* sender) {
  return impl_->add_loop(std::move(post), sender);
}
void Hub::publish(std::span<const std::shared_ptr<const model::Entry>> entries) {
  impl_->publish(entries);
}
void Hub::publish_metric(
    model::EventKind kind,
    std::string_view entity,
    std::string_view index,
    base::Timestamp at,
    std::string_view data_json
) {
  impl_->publish_metric(kind, entity, index, at, data_json);
}
std::vector<FramePtr> Hub::newest_metrics() const { return impl_->newest_metrics(); }
void Hub::forget_metrics_of(std::string_view index) { impl_->forget_metrics_of(index); }
model::Cursor Hub::tail() const { return impl_->tail(); }
std::uint64_t Hub::oldest() const { return impl_->oldest(); }
void Hub::set_stall_limit(std::chrono::seconds limit) { impl_->set_stall_limit(limit); }
void Hub::stop() { impl_->stop(); }

}  // namespace mlgraph::hub
