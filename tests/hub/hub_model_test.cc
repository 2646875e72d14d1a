// The hub against a naive oracle: random publishing, subscribing, resuming and slow reading; at the
// end each session has had exactly what its patterns were due, in order, once. The seed is printed;
// MLG_SEED replays one.
#include <cstdlib>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "hub/feed_fixture.h"

namespace mlgraph::hub {
namespace {

using testing::SlowReader;

struct Event {
  model::EventKind kind;
  std::string entity;
};

/// What a session was due: from which seq each of its patterns counts.
struct Oracle {
  std::map<std::string, std::uint64_t> begin;
  std::vector<std::uint64_t> due(const std::vector<Event>& history) const {
    std::vector<std::uint64_t> seqs;
    for (std::uint64_t seq = 1; seq <= history.size(); ++seq)
      for (const auto& [text, from] : begin)
        if (from < seq && protocol::Pattern::parse(text)->matches(
                              history[seq - 1].kind, history[seq - 1].entity
                          )) {
          seqs.push_back(seq);
          break;
        }
    return seqs;
  }
};

class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed),
        hub_(
            log_,
            metrics_,
            clock_,
            {.ring_bytes_max = 6'000, .replay_chunk_bytes = 2'000, .replay_executor = &replay_}
        ),
        feed_(hub_.add_loop([this](std::function<void()> step) {
          ASSERT_TRUE(loop_.try_post(std::move(step)));
        })) {
    for (std::size_t i = 0; i < kSessions; ++i) {
      readers_.push_back(std::make_unique<SlowReader>());
      slots_.push_back(feed_.open(
          *readers_[i], protocol::Scopes::admin(), {.queue_bytes_max = 2'000, .patterns_max = 128}
      ));
      oracles_.emplace_back();
    }
  }
  ~World() { hub_.stop(); }

  void step() {
    switch (pick(8)) {
      case 0:
      case 1:
      case 2:
        publish(1 + pick(4));
        break;
      case 3:
        subscribe(pick(kSessions), false);
        break;
      case 4:
        subscribe(pick(kSessions), true);
        break;
      case 5:
        read(pick(kSessions), pick(3'000));
        break;
      default:
        turn();
        break;
    }
  }

  /// Everybody reads until nothing moves any more, then each has had what it was due.
  void settle_and_check() {
    for (int quiet = 0; quiet < 3;) {
      const std::size_t before = total();
      for (std::size_t i = 0; i < kSessions; ++i) read(i, 1 << 20);
      for (int i = 0; i < 50; ++i) turn();
      bool behind = false;
      for (const auto slot : slots_)
        behind = behind || feed_.position(slot) < history_.size() || !feed_.drained(slot);
      quiet = !behind && total() == before ? quiet + 1 : 0;
    }
    for (std::size_t i = 0; i < kSessions; ++i) {
      auto had = readers_[i]->events();
      const std::set<std::uint64_t> once(had.begin(), had.end());
      ASSERT_EQ(once.size(), had.size()) << "session " << i << " had an event twice";
      std::sort(had.begin(), had.end());
      ASSERT_EQ(had, oracles_[i].due(history_)) << "session " << i;
      ASSERT_EQ(readers_[i]->evicted, 0);
    }
  }

 private:
  static constexpr std::size_t kSessions = 4;

  std::uint64_t pick(std::uint64_t n) {
    return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_);
  }
  std::size_t total() const {
    std::size_t sum = 0;
    for (const auto& reader : readers_) sum += reader->received.size();
    return sum;
  }

  void publish(std::uint64_t count) {
    static constexpr std::array<model::EventKind, 4> kKinds = {
        model::EventKind::kJobStarted,
        model::EventKind::kJobCompleted,
        model::EventKind::kIndexUpdated,
        model::EventKind::kAlertWarning};
    std::vector<std::shared_ptr<const model::Entry>> entries;
    for (std::uint64_t i = 0; i < count; ++i) {
      auto entry = std::make_shared<model::Entry>();
      entry->seq = history_.size() + 1;
      entry->kind = kKinds[pick(kKinds.size())];
      entry->entity = "x" + std::to_string(pick(3));
      entry->timestamp = clock_.wall_now();
      entry->public_json = model::encode_event(
          entry->kind,
          entry->timestamp,
          "{\"pad\":\"" + std::string(pick(200), '.') + "\"}",
          model::format_cursor({log_.epoch(), entry->seq})
      );
      history_.push_back({entry->kind, entry->entity});
      entries.push_back(std::move(entry));
    }
    model::Fold unused;
    ASSERT_TRUE(log_.append(entries, unused));
    hub_.publish(entries);
  }

  void subscribe(std::uint64_t session, bool since) {
    static constexpr std::array<const char*, 7> kPatterns = {
        "job.*", "job.started", "index.x0.*", "index.*", "alert.x1.warning", "job.x2.*", "*"};
    const std::string pattern = kPatterns[pick(kPatterns.size())];
    auto& begin = oracles_[session].begin;
    std::optional<std::string> from;
    if (since)
      from = model::format_cursor({log_.epoch(), history_.empty() ? 0 : pick(history_.size() + 1)});
    const auto outcome = feed_.subscribe(slots_[session], {pattern}, from, [](const Subscribed&) {
      return std::string();
    });
    ASSERT_TRUE(outcome) << outcome.error().message;
    ASSERT_EQ(outcome->recovered, since);
    if (!begin.contains(pattern)) begin[pattern] = model::parse_cursor(outcome->id)->seq;
  }

  void read(std::uint64_t session, std::size_t bytes) {
    auto& reader = *readers_[session];
    reader.room += bytes;
    if (std::exchange(reader.waiting, false)) feed_.on_writable(slots_[session]);
    feed_.flush();
  }

  void turn() {
    replay_.run();
    loop_.run();
    feed_.flush();
  }

  std::mt19937_64 random_;
  testing::ManualClock clock_;
  testing::MemoryLog log_;
  metrics::ServerMetrics metrics_;
  testing::HandExecutor replay_;
  testing::HandExecutor loop_;
  Hub hub_;
  LoopFeed& feed_;
  std::vector<std::unique_ptr<SlowReader>> readers_;
  std::vector<SlotId> slots_;
  std::vector<Oracle> oracles_;
  std::vector<Event> history_;
};

TEST(HubModel, EverySessionHasExactlyWhatItWasDue) {
  const char* given = std::getenv("MLG_SEED");
  const std::uint64_t first = given ? std::strtoull(given, nullptr, 10) : 1;
  const std::uint64_t last = given ? first : 300;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("MLG_SEED=" + std::to_string(seed));
    World world(seed);
    for (int i = 0; i < 120; ++i) {
      world.step();
      if (HasFatalFailure()) return;
    }
    world.settle_and_check();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace mlgraph::hub
