#pragma once
// The whole server: its parts as members in start order; destruction runs it backwards.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "alerts/alert_desk.h"
#include "app/sources.h"
#include "base/clock.h"
#include "base/snapshot_cell.h"
#include "base/thread_pool.h"
#include "gateway/api/services.h"
#include "gateway/auth/gate.h"
#include "gateway/auth/origin.h"
#include "gateway/net/server.h"
#include "gateway/session/services.h"
#include "hub/hub.h"
#include "index/engine.h"
#include "jobs/runner.h"
#include "metrics/sampler.h"
#include "store/committer.h"
#include "store/log.h"
#include "store/vector_store.h"
#include "work/reseal_job.h"
#include "work/result_files.h"

namespace mlgraph::app {

/// Threads   start, reload, stop: main.
class Server {
 public:
  /// Opens the data directory and everything over it. errors name the setting or file at fault.
  [[nodiscard]] static base::Result<std::unique_ptr<Server>> open(const Config& config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Recovers and listens. The port opens once recovery is done, or after ten seconds of it:
  /// requests are then answered `recovering`, and /health/ready 503, until the state stands.
  /// give_up   asked now and then; true ends the start with kInterrupted.
  [[nodiscard]] base::Result<void> start(const std::function<bool()>& give_up);
  [[nodiscard]] std::string address() const;
  /// SIGHUP: takes over what can change without a start, for `wanted` as a whole or not at all, and
  /// says in the log what it did and which settings need a restart.
  /// returns  one line for people: what came of it.
  std::string reload(const Loaded& wanted);
  /// SIGTERM: not ready, sessions told 4103, jobs ended, all written. Within ten seconds.
  /// returns   false: sessions were told, but a recovery still runs that nothing interrupts. The
  /// process may end as it is; destruction would wait for it.
  [[nodiscard]] bool stop();

 private:
  /// What must stand before the parts can be made.
  struct Opened {
    store::DataDir data_dir;
    std::unique_ptr<store::Log> log;
    std::unique_ptr<store::VectorStore> vectors;
  };
  Server(const Config& config, Opened opened);
  void wire();
  void report_refusals();
  [[nodiscard]] base::Result<void> recover(const std::function<bool()>& give_up);
  void drain();
  void end();
  [[nodiscard]] gateway::ServerHooks hooks();
  [[nodiscard]] gateway::Admission admit(
      gateway::HttpRequest& request, const gateway::Credentials& credentials
  ) const;
  [[nodiscard]] std::vector<metrics::IndexSample> index_samples() const;

  Config config_;  // main's
  Opened opened_;
  base::SystemClock clock_;
  metrics::ServerMetrics metrics_;
  store::Committer committer_;
  index::Engine engine_;  // its sink comes first: whoever hears of an index can use it
  jobs::Runner runner_;
  alerts::AlertDesk alerts_;
  hub::Hub hub_;
  work::TierKeeper tier_keeper_;
  work::ResultFiles results_;
  metrics::Sampler sampler_;
  gateway::Authenticator authenticator_;
  gateway::SignIn sign_in_;
  gateway::RateLimiter limiter_;
  gateway::SessionRegistry registry_;
  gateway::JobWaits job_waits_;
  gateway::Aliases aliases_;
  base::SnapshotCell<gateway::OriginPolicy> origins_;
  base::SnapshotCell<gateway::HostPolicy> hosts_;
  base::ThreadPool compute_;
  base::ThreadPool ingest_;
  gateway::Router router_;
  std::unique_ptr<gateway::ApiServices> api_;
  std::unique_ptr<gateway::SessionServices> sessions_;
  std::unique_ptr<gateway::Gate> gate_;
  std::unique_ptr<gateway::Server> gateway_;
  std::atomic<bool> ready_{false};
  std::thread recovery_;
  std::atomic<bool> recovering_{false};
  std::atomic<bool> stopped_{false};
  bool ended_ = false;
};

}  // namespace mlgraph::app
