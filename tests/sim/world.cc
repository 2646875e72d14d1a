#include "sim/world.h"

#include "sim/faithful_client.h"
#include "sim/wild_client.h"
#include "sim/workload.h"

namespace mlgraph::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kWild = 4;
constexpr std::size_t kFaithful = 2;
constexpr std::size_t kAll = std::size_t{1} << 20;

const std::vector<std::vector<std::string>> kFollowed = {
    {"*"},
    {"job.*", "index.*"},
    {"index.docs.*", "alert.*", "metrics.system"},
    {"job.*", "alert.*"},
    {"index.*", "metrics.*"},
};

}  // namespace

World::World(std::uint64_t seed, Fault fault) : ground_(seed, fault), scheduler_(ground_.random) {
  auto& random = ground_.random;
  ground_.bounds.large_alerts = random.one_in(8);
  // Twice the bound must hold half of it and a part of a state: else answers are said to pile up.
  ground_.bounds.queue_bytes =
      ground_.bounds.large_alerts ? random.between(44'000, 48'000) : random.between(2'000, 8'000);
  add_tokens();
  start();
  for (const auto& token : ground_.tokens)
    if (token.name != "admin") server_->introduce(token);
  add_clients();
}

void World::add_tokens() {
  auto& random = ground_.random;
  ground_.tokens.push_back({"admin", kAdminSecret, {"admin"}, {}, false});
  ground_.tokens.push_back({"f1", "mlg_faithful_1", {"events:*", "read:*"}, {}, false});
  ground_.tokens.push_back(
      {"f2", "mlg_faithful_2", {"events:*", "read:docs", "read:prod-*"}, {}, false}
  );
  for (std::size_t i = 1; i <= 4; ++i)
    ground_.tokens.push_back(
        {fmt::format("w{}", i),
         fmt::format("mlg_wild_{}_wild", i),
         random.one_of(kScopeSets),
         {},
         false}
    );
  ground_.tokens.back().expires_at = base::Timestamp{
      ground_.clock.wall_now().ms + static_cast<std::int64_t>(random.between(20'000, 150'000))};
}

void World::add_clients() {
  const auto connect = [this](const std::shared_ptr<Session>& session) {
    server_->accept(session);
  };
  for (std::size_t i = 1; i <= kWild; ++i)
    clients_.push_back(std::make_unique<WildClient>(fmt::format("wild-{}", i), ground_, connect));
  for (std::size_t i = 1; i <= kFaithful; ++i)
    clients_.push_back(std::make_unique<FaithfulClient>(
        fmt::format("faithful-{}", i),
        ground_,
        connect,
        fmt::format("mlg_faithful_{}", i),
        ground_.random.one_of(kFollowed)
    ));
}

void World::start() {
  const auto loops = ground_.random.between(1, 3);
  ground_.transcript.note("the server starts with {} loops", loops);
  server_ = std::make_unique<Server>(ground_, loops);
}

void World::run(std::size_t steps) {
  for (; steps > 0 && !ground_.transcript.broken(); --steps) step();
  if (!ground_.transcript.broken()) come_to_rest();
  if (!ground_.transcript.broken()) check();
}

void World::step() {
  ground_.transcript.next_step();
  server_->offer_steps(scheduler_);
  offer_clients();
  scheduler_.offer(60, [this] { publish(); });
  scheduler_.offer(25, [this] {
    for (auto n = ground_.random.between(1, 8); n > 0; --n) server_->sample();
  });
  scheduler_.offer(25, [this] { pass_time(); });
  scheduler_.offer(3, [this] { be_quiet(); });
  scheduler_.offer(6, [this] { change_a_token(); });
  scheduler_.offer(4, [this] { trim(); });
  scheduler_.offer(3, [this] {
    const auto n = static_cast<int>(ground_.random.between(1, 2));
    ground_.transcript.note("the disk is full for {} writes", n);
    ground_.log.fail_appends(n);
  });
  scheduler_.offer(3, [this] { restart(); });
  scheduler_.run_one();
  if (ground_.log.forgot() && !ground_.transcript.broken()) {
    server_->crash();
    server_.reset();
    start();
  }
}

void World::offer_clients() {
  auto& random = ground_.random;
  for (const auto& client : clients_) {
    scheduler_.offer(client->connected() ? 22 : 12, [&client] { client->act(); });
    if (!client->can_read()) continue;
    scheduler_.offer(35, [&client, &random] {
      client->read(random.one_in(3) ? kAll : random.between(1, 3'000));
    });
    if (ground_.faults.is(Fault::kBufferLost) &&
        ground_.faults.strikes_once(Fault::kBufferLost, random, 40))
      client->lose_buffered();
  }
}

void World::publish() {
  for (auto n = ground_.random.between(1, 4); n > 0; --n)
    server_->submit(random_command(ground_.random, ground_.bounds.large_alerts));
}

void World::advance(milliseconds by) {
  ground_.clock.advance(by);
  server_->post_ticks();
}

void World::pass_time() {
  const milliseconds by(ground_.random.between(10, 1'500));
  ground_.transcript.note("{} ms pass", by.count());
  advance(by);
}

/// Half a minute and more, in which who reads at all reads everything.
void World::be_quiet() {
  ground_.transcript.note("quiet time");
  for (auto n = ground_.random.between(2, 18); n > 0 && !ground_.transcript.broken(); --n) {
    advance(milliseconds(2'000));
    for (int round = 0; round < 3 && !ground_.transcript.broken(); ++round) {
      static_cast<void>(server_->run_posted());
      for (const auto& client : clients_)
        if (client->can_read()) client->read(kAll);
    }
  }
}

void World::change_a_token() {
  auto& random = ground_.random;
  auto& token = ground_.tokens[random.between(3, ground_.tokens.size() - 1)];
  if (token.revoked) return;
  if (random.one_in(8)) return server_->revoke(token);
  server_->change(token, random.one_of(kScopeSets));
}

void World::trim() {
  const auto oldest = ground_.log.oldest_kept();
  const auto seq = oldest + ground_.random.below(ground_.history.size() + 2 - oldest);
  ground_.transcript.note("retention drops what is before {}", seq);
  ground_.log.drop_before(seq);
}

void World::restart() {
  auto& random = ground_.random;
  if (random.one_in(2)) {
    server_->drain();
    for (auto n = random.below(12); n > 0 && !ground_.transcript.broken(); --n) {
      server_->offer_steps(scheduler_);
      offer_clients();
      scheduler_.run_one();
    }
    server_->stop();
  } else {
    server_->crash();
  }
  server_.reset();
  start();
}

/// Everybody reads and comes back, until nothing moves any more.
void World::come_to_rest() {
  ground_.transcript.note("coming to rest");
  ground_.log.fail_appends(0);
  constexpr int kRoundsMax = 20'000;
  constexpr int kIdleMax = 5;
  int idle = 0;
  for (int round = 0; round < kRoundsMax && !ground_.transcript.broken(); ++round) {
    bool busy = server_->run_posted();
    for (const auto& client : clients_) {
      client->stop_stalling();
      if (!client->can_read()) continue;
      client->read(kAll);
      busy = true;
    }
    if (busy) {
      idle = 0;
      continue;
    }
    for (const auto& client : clients_) busy = client->settle() || busy;
    if (busy) continue;
    if (server_->unsettled().empty()) return;
    // A close waits for its second, a session that does not move for nothing.
    if (++idle > kIdleMax) break;
    advance(milliseconds(1'000));
  }
  if (ground_.transcript.broken()) return;
  const auto session = server_->unsettled();
  ground_.transcript.violation("no rest: {}", session.empty() ? "clients come and go" : session);
}

void World::check() {
  server_->check_state();
  server_->check_sessions();
  for (const auto& client : clients_)
    if (!ground_.transcript.broken()) client->check();
}

}  // namespace mlgraph::sim
