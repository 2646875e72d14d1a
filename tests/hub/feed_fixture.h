#pragma once
// A hub with one loop whose turns are taken by hand, and readers whose sockets take as many bytes
// as a test allows.
#include <deque>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/json.h"
#include "hub/hub.h"
#include "support/hand_executor.h"
#include "support/manual_clock.h"
#include "support/memory_log.h"

namespace mlgraph::testing {

/// A session's side: keeps what its socket took.
class SlowReader final : public hub::Subscriber {
 public:
  Written try_write(std::span<const iovec> pieces) override {
    std::size_t taken = 0;
    for (const auto& piece : pieces) {
      const std::size_t n = std::min(room, piece.iov_len);
      received.append(static_cast<const char*>(piece.iov_base), n);
      room -= n;
      taken += n;
      if (n < piece.iov_len) break;
    }
    return {taken, false};
  }
  void want_writable() override { waiting = true; }
  void on_evicted(int code, std::string_view) override { evicted = code; }

  /// The whole messages received (frames of less than 64 KiB).
  [[nodiscard]] std::vector<std::string> messages() const {
    std::vector<std::string> all;
    for (std::size_t at = 0; at + 2 <= received.size();) {
      std::size_t length = byte(at + 1);
      std::size_t head = 2;
      if (length == 126) {
        if (at + 4 > received.size()) break;
        length = byte(at + 2) << 8 | byte(at + 3);
        head = 4;
      }
      if (at + head + length > received.size()) break;
      all.push_back(received.substr(at + head, length));
      at += head + length;
    }
    return all;
  }
  /// Seqs of the durable events received, in order.
  [[nodiscard]] std::vector<std::uint64_t> events() const {
    std::vector<std::uint64_t> seqs;
    for (const auto& json : messages()) {
      const auto id = json.rfind("\"id\":\"testepoch-");
      if (id != std::string::npos)
        seqs.push_back(std::strtoull(json.data() + id + 16, nullptr, 10));
    }
    return seqs;
  }
  /// The values of the samples received, in order.
  [[nodiscard]] std::vector<int> values() const {
    std::vector<int> all;
    for (const auto& json : messages()) {
      const auto value = json.find("\"value\":");
      if (value != std::string::npos) all.push_back(std::atoi(json.data() + value + 8));
    }
    return all;
  }

  std::string received;
  std::size_t room = 0;
  bool waiting = false;
  int evicted = 0;
  hub::SlotId slot;

 private:
  [[nodiscard]] std::size_t byte(std::size_t at) const {
    return static_cast<unsigned char>(received[at]);
  }
};

class FeedFixture {
 public:
  FeedFixture()
      : hub(log,
            metrics,
            clock,
            {.ring_bytes_max = 6'000, .replay_chunk_bytes = 2'000, .replay_executor = &replay}),
        feed(hub.add_loop([this](std::function<void()> step) {
          EXPECT_TRUE(loop.try_post(std::move(step)));
        })) {}
  ~FeedFixture() { hub.stop(); }
  FeedFixture(const FeedFixture&) = delete;
  FeedFixture& operator=(const FeedFixture&) = delete;

  SlowReader& open(std::size_t queue_bytes_max) {
    readers.push_back(std::make_unique<SlowReader>());
    auto& reader = *readers.back();
    reader.slot = feed.open(
        reader, protocol::Scopes::admin(), {.queue_bytes_max = queue_bytes_max, .patterns_max = 128}
    );
    return reader;
  }
  /// `since` -1: from now.
  void subscribe(SlowReader& reader, const std::string& pattern, std::int64_t since = -1) {
    std::optional<std::string> from;
    if (since >= 0) from = model::format_cursor({log.epoch(), static_cast<std::uint64_t>(since)});
    const auto done = feed.subscribe(reader.slot, {pattern}, from, [](const hub::Subscribed&) {
      return std::string();
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  void publish(int count, const std::string& job = "common") { hub.publish(append(count, job)); }
  /// On disk, and not handed to the loops yet.
  std::vector<std::shared_ptr<const model::Entry>> append(
      int count, const std::string& job = "common"
  ) {
    std::vector<std::shared_ptr<const model::Entry>> entries;
    for (int i = 0; i < count; ++i) {
      auto entry = std::make_shared<model::Entry>();
      entry->seq = ++published_;
      entry->kind = model::EventKind::kJobProgress;
      entry->entity = job;
      entry->public_json = model::encode_event(
          entry->kind,
          clock.wall_now(),
          "{\"pad\":\"" + std::string(100, '.') + "\"}",
          model::format_cursor({log.epoch(), entry->seq})
      );
      entries.push_back(std::move(entry));
    }
    model::Fold unused;
    EXPECT_TRUE(log.append(entries, unused));
    return entries;
  }
  void sample(const std::string& node, int value) {
    hub.publish_metric(
        model::EventKind::kMetricsSystem,
        node,
        {},
        clock.wall_now(),
        "{\"value\":" + std::to_string(value) + ",\"pad\":\"" + std::string(100, '.') + "\"}"
    );
    turn();
  }
  /// One turn of the loop: what is posted now, then a flush.
  void turn() {
    replay.run();
    loop.run();
    feed.flush();
  }
  /// The reader's socket takes up to `bytes` more.
  void read(SlowReader& reader, std::size_t bytes) {
    reader.room += bytes;
    if (std::exchange(reader.waiting, false)) feed.on_writable(reader.slot);
    for (int i = 0; i < 10; ++i) turn();
  }
  void advance(std::chrono::milliseconds by) {
    clock.advance(by);
    feed.tick(clock.steady_now(), false);
    turn();
  }

  ManualClock clock;
  MemoryLog log;
  metrics::ServerMetrics metrics;
  HandExecutor replay;
  HandExecutor loop;
  hub::Hub hub;
  hub::LoopFeed& feed;
  std::vector<std::unique_ptr<SlowReader>> readers;

 private:
  std::uint64_t published_ = 0;
};

}  // namespace mlgraph::testing
