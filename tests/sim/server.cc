#include "sim/server.h"

#include "base/check.h"

namespace mlgraph::sim {

Server::Server(Ground& ground, std::size_t loops)
    : ground_(ground),
      committer_(
          ground.log,
          ground.clock,
          {.group_max = ground.random.between(1, 8), .executor = &committer_steps_}
      ),
      hub_(
          ground.log,
          metrics_,
          ground.clock,
          {.ring_bytes_max = ground.bounds.ring_bytes,
           .replay_chunk_bytes = ground.bounds.chunk_bytes,
           .stall_limit = ground.bounds.stall,
           .replay_executor = &replay_steps_}
      ),
      authenticator_(ground.log, ground.clock),
      limiter_(ground.clock),
      services_{
          hub_,
          committer_,
          authenticator_,
          limiter_,
          registry_,
          metrics_,
          ground.clock,
          {.requests_per_second = ground.bounds.requests_per_second,
           .request_burst = ground.bounds.request_burst,
           .queue_bytes = ground.bounds.queue_bytes},
          kNode,
          "0"} {
  for (std::size_t i = 0; i < loops; ++i) {
    auto& loop = *loops_.emplace_back(std::make_unique<LoopRig>());
    loop.number = i;
    loop.feed = &hub_.add_loop(post_to(loop.steps));
    loop.ticked = ground.clock.steady_now();
  }
  committer_.add_sink([this](History::Entries entries) { on_durable(entries); });
  authenticator_.on_change(
      [this](const std::string& name, const std::optional<gateway::TokenInfo>& info) {
        if (!ground_.faults.is(info ? Fault::kScopesKept : Fault::kRevocationLost))
          registry_.token_changed(name, info);
      }
  );
  MLG_CHECK(authenticator_.start(kAdminSecret).has_value());
  ground.samples.clear();
  if (ground.log.tail() != ground.history.size())
    ground.transcript.violation(
        "{} events were acknowledged, the log kept {}", ground.history.size(), ground.log.tail()
    );
  else
    check_state();
}

Server::~Server() {
  // Steps that never run hold connections, which hold slots of the feeds.
  for (const auto& loop : loops_) loop->steps.drop();
  replay_steps_.drop();
  committer_steps_.drop();
}

hub::Hub::Post Server::post_to(HandQueue& steps) {
  return [this, &steps](std::function<void()> step) {
    if (!ground_.faults.is(Fault::kStepLost) || !ground_.random.one_in(30))
      steps.post(std::move(step));
  };
}

void Server::on_durable(History::Entries entries) {
  if (entries.back()->seq != ground_.history.size())
    ground_.transcript.violation("event {} is published, but not durable", entries.back()->seq);
  for (const auto fault : {Fault::kBatchDropped, Fault::kBatchTwice})
    if (ground_.faults.strikes_once(fault, ground_.random, 10))
      ground_.struck_batch = {
          ground_.random.below(loops_.size()), entries.front()->seq, entries.back()->seq};
  ground_.transcript.note(
      "events {} to {} are published", entries.front()->seq, entries.back()->seq
  );
  hub_.publish(entries);
}

void Server::submit(store::Command command) {
  committer_.submit(std::move(command), [this](base::Result<std::uint64_t> outcome) {
    on_done(outcome);
  });
}

void Server::on_done(const base::Result<std::uint64_t>& outcome) {
  if (outcome && *outcome > ground_.history.size())
    ground_.transcript.violation("a command was answered with event {}, not durable", *outcome);
  if (!outcome) ground_.transcript.note("a command is refused: {}", outcome.error().message);
}

void Server::check_state() {
  const auto state = committer_.state();
  const auto seen = objects_of(*state);
  const auto& truth = ground_.history.state_at(ground_.history.size());
  bool same = state->seq() == ground_.history.size() && seen.size() == truth.size();
  for (const auto& [key, object] : truth)
    same = same && seen.contains(key) && seen.at(key)->text == object->text;
  if (!same)
    ground_.transcript.violation(
        "the committer's state at {} is not the history's at {}",
        state->seq(),
        ground_.history.size()
    );
}

void Server::offer_steps(Scheduler& scheduler) {
  for (const auto& loop : loops_)
    if (!loop->steps.empty())
      scheduler.offer(60, [this, &loop = *loop] {
        turn(loop, ground_.random.between(1, loop.steps.size()));
      });
  if (!committer_steps_.empty()) scheduler.offer(40, [this] { committer_steps_.run_one(); });
  if (!replay_steps_.empty()) scheduler.offer(30, [this] { replay_steps_.run_one(); });
}

/// Some of the steps that a loop has ready, then one flush.
void Server::turn(LoopRig& loop, std::size_t steps) {
  const auto look = [&] {
    for (const auto& connection : loop.connections) connection->look();
  };
  for (; steps > 0 && !loop.steps.empty() && !ground_.transcript.broken(); --steps) {
    loop.steps.run_one();
    look();
  }
  loop.feed->flush();
  look();
  std::erase_if(loop.connections, [](const auto& connection) { return connection->finished(); });
}

void Server::accept(const std::shared_ptr<Session>& session) {
  LoopRig& loop = *loops_[ground_.random.below(loops_.size())];
  session->loop = loop.number;
  sessions_.push_back(session);
  loop.steps.post([this, &loop, session] {
    auto connection = std::make_shared<SimConnection>(ground_, loop, services_, session);
    loop.connections.push_back(connection);
    connection->accept();
  });
}

void Server::post_ticks() {
  const auto now = ground_.clock.steady_now();
  for (const auto& loop : loops_) {
    if (now - loop->ticked < std::chrono::seconds(1) || std::exchange(loop->tick_posted, true))
      continue;
    loop->steps.post([this, &loop = *loop] { tick(loop); });
  }
}

void Server::tick(LoopRig& loop) {
  loop.tick_posted = false;
  const auto now = loop.ticked = ground_.clock.steady_now();
  loop.feed->tick(now, false);
  const auto connections = loop.connections;
  for (const auto& connection : connections) connection->on_tick(now);
}

void Server::sample() {
  static constexpr std::array<EventKind, 4> kKinds = {
      EventKind::kMetricsSystem,
      EventKind::kMetricsIndex,
      EventKind::kMetricsSearch,
      EventKind::kMetricsIngest};
  auto& random = ground_.random;
  if (random.one_in(40)) return forget_samples(random.one_of(kIndices));
  const auto kind = random.one_of(kKinds);
  const bool system = kind == EventKind::kMetricsSystem;
  Sample sample{kind, system ? kNode : random.one_of(kIndices), ++ground_.sampled};
  const auto data = fmt::format(
      R"({{"{}":"{}","sample":{},"pad":"{:.>200}"}})",
      system ? "node" : "index",
      sample.entity,
      sample.number,
      ""
  );
  ground_.transcript.note(
      "sample {} of {} {}", sample.number, model::type_name(kind), sample.entity
  );
  ground_.samples[std::string(model::type_name(kind)) + "/" + sample.entity] = sample;
  hub_.publish_metric(kind, sample.entity, sample.index(), ground_.clock.wall_now(), data);
}

/// As when its index is deleted: no state shows them any more.
void Server::forget_samples(const std::string& index) {
  ground_.transcript.note("the samples of {} are forgotten", index);
  hub_.forget_metrics_of(index);
  std::erase_if(ground_.samples, [&](const auto& item) { return item.second.index() == index; });
}

void Server::introduce(const Token& token) {
  gateway::TokenInfo info;
  info.name = token.name;
  info.scopes = token.scopes;
  info.expires_at = token.expires_at;
  MLG_CHECK(authenticator_.create_with_secret(info, token.secret).has_value());
}

void Server::change(Token& token, const std::vector<std::string>& scopes) {
  token.scopes = scopes;
  ground_.transcript.note("token {} gets {}", token.name, fmt::join(scopes, " "));
  base::Json::Array list;
  for (const auto& scope : scopes) list.emplace_back(std::string(scope));
  ground_.changing = token;
  const base::Json changes(base::Json::Object{{"scopes", base::Json(std::move(list))}});
  MLG_CHECK(authenticator_.update(token.name, changes).has_value());
  ground_.changing.reset();
}

void Server::revoke(Token& token) {
  token.revoked = true;
  ground_.transcript.note("token {} is revoked", token.name);
  ground_.changing = token;
  MLG_CHECK(authenticator_.revoke(token.name).has_value());
  ground_.changing.reset();
}

bool Server::run_posted() {
  bool ran = false;
  for (auto* steps : {&committer_steps_, &replay_steps_})
    for (auto n = steps->size(); n > 0; --n, ran = true) steps->run_one();
  for (const auto& loop : loops_)
    if (!loop->steps.empty()) {
      turn(*loop, loop->steps.size());
      ran = true;
    }
  return ran;
}

void Server::drain() {
  ground_.transcript.note("the server drains");
  for (const auto& loop : loops_)
    loop->steps.post([&loop = *loop] {
      const auto connections = loop.connections;
      for (const auto& connection : connections) connection->drain();
    });
}

void Server::stop() {
  while (!committer_steps_.empty()) committer_steps_.run_one();
  committer_.stop();
  hub_.stop();
  for (const auto& loop : loops_)
    for (const auto& connection : loop->connections) connection->abort();
  for (const auto& session : sessions_) session->wire.end_by_server(Wire::End::kReset);
  ground_.transcript.note("the server has stopped");
}

void Server::crash() {
  ground_.transcript.note("the server crashes");
  for (const auto& session : sessions_)
    session->wire.end_by_server(ground_.random.one_in(2) ? Wire::End::kReset : Wire::End::kCut);
}

void Server::check_sessions() {
  for (const auto& loop : loops_)
    for (const auto& connection : loop->connections)
      if (!connection->finished()) connection->session().mirror.check(connection->session().name);
}

std::string Server::unsettled() const {
  for (const auto& loop : loops_)
    for (const auto& connection : loop->connections)
      if (!connection->finished() && connection->session().wire.client() == Wire::Client::kThere &&
          !connection->settled())
        return fmt::format(
            "{} stands at {} of {} with {} bytes queued",
            connection->session().name,
            loop->feed->position(connection->slot()),
            ground_.history.size(),
            loop->feed->queued_bytes(connection->slot())
        );
  return {};
}

}  // namespace mlgraph::sim
