#include "app/server.h"

#include <filesystem>

#include "app/admin_token.h"
#include "app/dashboard_files.h"
#include "app/documents.h"
#include "app/server_options.h"
#include "base/log.h"
#include "base/version.h"
#include "gateway/session/socket_session.h"
#include "gateway/session/sse_session.h"
#include "protocol/error_table.h"
#include "work/file_import.h"
#include "work/spool.h"

namespace mlgraph::app {

using base::Result;

namespace {

constexpr auto kRecoveryPatience = std::chrono::seconds(10);
constexpr auto kRecoveryGrace = std::chrono::seconds(2);  // for a recovery that a stop cuts into
constexpr auto kRecoveryLook = std::chrono::milliseconds(2);
constexpr auto kDrainDeadline = std::chrono::milliseconds(4'000);

std::size_t cores_or(std::uint64_t configured) {
  return configured ? static_cast<std::size_t>(configured)
                    : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

std::optional<model::Reason> guard_of(const alerts::Shortage& shortage) {
  if (shortage.disk) return model::Reason::kDiskGuard;
  if (shortage.memory) return model::Reason::kMemoryGuard;
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(const Config& config) {
  MLG_TRY(data_dir, store::DataDir::open(config.server.data_dir));
  const std::string path = data_dir.path();
  MLG_TRY(
      log,
      store::Log::open(
          path, {config.log.retention_bytes, std::chrono::hours(config.log.retention_hours)}
      )
  );
  MLG_TRY(vectors, store::VectorStore::open(path));
  MLG_TRY(state, log->load_state());
  static_cast<void>(state
  );  // a log that does not load is told here, by name; the committer loads it again
  std::unique_ptr<Server> server(
      new Server(config, {std::move(data_dir), std::move(log), std::move(vectors)})
  );
  return server;
}

Server::Server(const Config& config, Opened opened)
    : config_(config),
      opened_(std::move(opened)),
      committer_(
          *opened_.log,
          clock_,
          {.observe = [this](auto latency) { metrics_.commit_latency.record(latency); }}
      ),
      engine_(
          *opened_.vectors,
          committer_,
          metrics_,
          clock_,
          {config.server.node, opened_.data_dir.path(), cores_or(config.engine.train_threads), 0}
      ),
      runner_(
          committer_,
          clock_,
          {.imports_max = config.limits.imports, .tallies = opened_.vectors.get()}
      ),
      alerts_(committer_, *opened_.log, clock_, {config.server.node, config.memory.guard}),
      hub_(
          *opened_.log,
          metrics_,
          clock_,
          {.ring_bytes_max = config.log.ring_bytes,
           .replay_chunk_bytes = 256 * 1024,
           .stall_limit = std::chrono::seconds(config.limits.stall_seconds)}
      ),
      tier_keeper_(engine_, runner_, clock_),
      results_(opened_.data_dir.path() + "/results", clock_),
      sampler_(
          metrics_,
          clock_,
          {config.server.node, opened_.data_dir.path(), config.memory.limit_bytes},
          [this] { return index_samples(); },
          [this](
              model::EventKind kind,
              const std::string& entity,
              const std::string& index,
              base::Timestamp at,
              const std::string& data
          ) { hub_.publish_metric(kind, entity, index, at, data); }
      ),
      authenticator_(*opened_.log, clock_),
      sign_in_(
          authenticator_,
          clock_,
          {std::chrono::seconds(config.sign_in.code_seconds),
           std::chrono::seconds(config.sign_in.token_seconds)}
      ),
      limiter_(clock_),
      job_waits_(runner_),
      aliases_(
          *opened_.log,
          [this](const std::string& index) { return committer_.state()->index(index) != nullptr; }
      ),
      origins_(std::make_shared<gateway::OriginPolicy>(config.server.allowed_origins)),
      hosts_(std::make_shared<gateway::HostPolicy>(config.server.allowed_hosts)),
      compute_({"compute", cores_or(config.engine.compute_threads), config.limits.compute_queue, 0}
      ),
      ingest_({"ingest", config.limits.imports + 1, config.limits.imports, 0}) {
  wire();
}

Server::~Server() {
  static_cast<void>(stop());
  end();
}

void Server::wire() {
  committer_.add_sink([this](std::span<const std::shared_ptr<const model::Entry>> entries) {
    hub_.publish(entries);
  });
  authenticator_.on_change(
      [this](const std::string& name, const std::optional<gateway::TokenInfo>& info) {
        registry_.token_changed(name, info);
      }
  );
  sampler_.each_second([this](const metrics::Gauges& gauges) {
    alerts_.evaluate(gauges);
    engine_.guard(guard_of(alerts_.shortage()));
    results_.sweep();
  });
  sampler_.each_tenth([this] {
    engine_.publish_counts();
    job_waits_.expire(clock_.steady_now());
    report_refusals();
  });
  const std::string import_dir = config_.server.import_dir.empty()
                                     ? opened_.data_dir.path() + "/import"
                                     : config_.server.import_dir;
  std::error_code ec;
  std::filesystem::create_directories(import_dir, ec);
  api_ = std::make_unique<gateway::ApiServices>(gateway::ApiServices{
      engine_,
      runner_,
      alerts_,
      authenticator_,
      sign_in_,
      limiter_,
      registry_,
      hub_,
      committer_,
      metrics_,
      sampler_,
      job_waits_,
      aliases_,
      ingest_,
      clock_,
      *opened_.vectors,
      results_,
      config_.server.node,
      import_dir,
      opened_.data_dir.path() + "/spool",
      config_.server.metrics_public,
      [this] { return ready_.load(); },
      std::string(kOpenapiYaml),
      std::string(kAsyncapiYaml),
      dashboard_files()});
  gateway::add_routes(router_, *api_);
  sessions_ = std::make_unique<gateway::SessionServices>(gateway::SessionServices{
      hub_,
      committer_,
      authenticator_,
      limiter_,
      registry_,
      metrics_,
      clock_,
      session_limits(config_),
      config_.server.node,
      base::kVersion});
  gate_ = std::make_unique<gateway::Gate>(router_, aliases_, authenticator_, limiter_, metrics_);
  gateway_ = std::make_unique<gateway::Server>(
      server_options(config_), hooks(), hub_, compute_, metrics_, clock_
  );
}

void Server::report_refusals() {
  for (const auto& report : limiter_.due_reports())
    alerts_.rate_limited(
        {report.bucket,
         report.limit,
         report.window_seconds,
         report.rejected,
         report.retry_after_seconds}
    );
}

gateway::Admission Server::admit(
    gateway::HttpRequest& request, const gateway::Credentials& credentials
) const {
  auto admission = gate_->admit(request, credentials);
  if (!admission.route || admission.route->access == gateway::Access::kPublic || ready_)
    return admission;
  admission.route = nullptr;
  admission.refusal = gateway::error_response(
      stopped_
          ? base::Error{base::ErrorCode::kShuttingDown, "the server is stopping", {}, 1'000}
          : base::Error{base::ErrorCode::kRecovering, "the server is reading its data", {}, 1'000}
  );
  return admission;
}

gateway::ServerHooks Server::hooks() {
  gateway::ServerHooks hooks;
  hooks.router = &router_;
  hooks.admit = [this](gateway::HttpRequest& request, const gateway::Credentials& credentials) {
    return admit(request, credentials);
  };
  hooks.accept_websocket = [this](gateway::WebSocket& socket) {
    auto session = std::make_unique<gateway::SocketSession>(*sessions_, socket);
    session->begin();
    return session;
  };
  hooks.accept_sse = [this](gateway::SseStream& stream, const gateway::HttpRequest& request) {
    return gateway::begin_sse_session(*sessions_, stream, request);
  };
  hooks.allow_origin = [this](std::string_view origin, std::string_view host, bool tls) {
    return origins_.load()->allows(origin, host, tls);
  };
  hooks.allow_host = [this](std::string_view host) { return hosts_.load()->allows(host); };
  return hooks;
}

std::vector<metrics::IndexSample> Server::index_samples() const {
  std::vector<metrics::IndexSample> samples;
  for (const auto& index : engine_.list()) {
    const auto stats = engine_.stats(index.index_id);
    if (!stats) continue;
    metrics::IndexSample sample;
    sample.index = stats->index;
    sample.vectors = stats->vectors;
    sample.deleted = stats->deleted;
    sample.bytes = stats->bytes;
    sample.shards = stats->shards.size();
    for (const auto& shard : stats->shards) {
      auto& tier = shard.tier == model::Tier::kIdmap    ? sample.idmap
                   : shard.tier == model::Tier::kIvf    ? sample.ivf
                   : shard.tier == model::Tier::kOndisk ? sample.ondisk
                                                        : sample.merged;
      tier += shard.vectors;
      if (shard.tier != model::Tier::kIdmap) sample.unindexed += shard.head_vectors;
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

Result<void> Server::recover(const std::function<bool()>& give_up) {
  const auto go_on = [&give_up]() -> Result<void> {
    if (!give_up()) return {};
    return base::fail(base::ErrorCode::kInterrupted, "asked to stop while starting");
  };
  work::Spool::clear(api_->spool_dir);
  MLG_TRY_VOID(results_.open([state = committer_.state()](const std::string& job_id) {
    return state->job(job_id) != nullptr;
  }));
  const work::ImportPlaces places{engine_, metrics_, clock_, api_->import_dir, api_->spool_dir};
  MLG_TRY_VOID(runner_.recover([&](const model::Job& left, std::string_view private_json) {
    return work::go_on_with_file_import(places, left, private_json);
  }));
  MLG_TRY_VOID(go_on());
  MLG_TRY_VOID(alerts_.start());
  MLG_TRY_VOID(go_on());
  // What was short at the stop is, until measured again.
  engine_.guard(guard_of(alerts_.shortage()));
  MLG_TRY_VOID(engine_.recover());
  gateway::take_back_failed_restores(*api_);
  runner_.go_on();
  return {};
}

Result<void> Server::start(const std::function<bool()>& give_up) {
  MLG_TRY_VOID(authenticator_.load());
  MLG_TRY_VOID(aliases_.load());
  MLG_TRY_VOID(settle_admin_token(authenticator_, config_.admin_token, opened_.data_dir.path()));
  auto outcome = std::make_shared<base::SnapshotCell<Result<void>>>();
  recovering_ = true;
  recovery_ = std::thread([this, outcome, give_up] {
    auto recovered = recover(give_up);
    if (recovered)
      ready_ = !stopped_;
    else
      base::log(base::LogLevel::kError, "recovery failed", "reason", recovered.error().message);
    outcome->store(std::make_shared<const Result<void>>(std::move(recovered)));
    recovering_ = false;
  });
  const auto patience = std::chrono::steady_clock::now() + kRecoveryPatience;
  while (!outcome->load() && std::chrono::steady_clock::now() < patience) {
    if (give_up()) return base::fail(base::ErrorCode::kInterrupted, "asked to stop while starting");
    std::this_thread::sleep_for(kRecoveryLook);
  }
  if (const auto done = outcome->load(); done && !*done) return tl::unexpected(done->error());
  MLG_TRY_VOID(gateway_->start());
  sampler_.start();
  return {};
}

std::string Server::address() const {
  const std::string host = parse_listen(config_.server.listen).value().host;
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format(
      "{}://{}{}{}:{}",
      config_.server.tls_cert.empty() ? "http" : "https",
      ipv6 ? "[" : "",
      host,
      ipv6 ? "]" : "",
      gateway_->port()
  );
}

bool Server::stop() {
  if (stopped_.exchange(true)) return ended_;
  gateway_->begin_drain();  // first: who is told "not ready" finds no way in either
  ready_ = false;
  const auto grace = std::chrono::steady_clock::now() + kRecoveryGrace;
  while (recovering_ && std::chrono::steady_clock::now() < grace)
    std::this_thread::sleep_for(kRecoveryLook);
  if (recovering_) {
    drain();
    return false;
  }
  end();
  return true;
}

void Server::drain() {
  gateway_->drain(std::chrono::milliseconds(config_.limits.drain_ms), kDrainDeadline);
}

void Server::end() {
  if (std::exchange(ended_, true)) return;
  if (recovery_.joinable()) recovery_.join();
  runner_.stop();  // imports that wait for their bodies end `interrupted`, and are answered
  drain();
  sampler_.stop();
  ingest_.stop();
  compute_.stop();
  engine_.stop();
  committer_.stop();
  hub_.stop();
}

}  // namespace mlgraph::app
