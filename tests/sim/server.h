#pragma once
// One start of the server: everything real above the sockets and the disk, its threads as queues of
// steps.
#include <memory>
#include <vector>

#include "gateway/session/services.h"
#include "sim/connection.h"
#include "sim/scheduler.h"

namespace mlgraph::sim {

class Server {
 public:
  Server(Ground& ground, std::size_t loops);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Offers each step that could run now.
  void offer_steps(Scheduler& scheduler);
  void accept(const std::shared_ptr<Session>& session);
  /// After time has moved.
  void post_ticks();
  void submit(store::Command command);
  void sample();
  void introduce(const Token& token);
  /// A token as it is to be from now on; its sessions are told.
  void change(Token& token, const std::vector<std::string>& scopes);
  void revoke(Token& token);
  /// Runs what is posted, everywhere, once through. false: there was nothing.
  bool run_posted();
  /// 4103 to all sessions, in steps of their loops.
  void drain();
  /// What was submitted becomes durable, then the connections are cut.
  void stop();
  /// All is over at once; whether a client still reads what its kernel has is up to chance.
  void crash();
  /// The first session that has not got all it is due; empty: none.
  [[nodiscard]] std::string unsettled() const;
  /// Every session is what its token is by now.
  void check_sessions();
  /// The state that commands and sessions see is the history's.
  void check_state();

 private:
  void turn(LoopRig& loop, std::size_t steps);
  void tick(LoopRig& loop);
  [[nodiscard]] hub::Hub::Post post_to(HandQueue& steps);
  void forget_samples(const std::string& index);
  void on_durable(History::Entries entries);
  void on_done(const base::Result<std::uint64_t>& outcome);

  Ground& ground_;
  HandQueue committer_steps_;
  HandQueue replay_steps_;
  metrics::ServerMetrics metrics_;
  store::Committer committer_;
  hub::Hub hub_;
  gateway::Authenticator authenticator_;
  gateway::RateLimiter limiter_;
  gateway::SessionRegistry registry_;
  gateway::SessionServices services_;
  std::vector<std::unique_ptr<LoopRig>> loops_;
  std::vector<std::shared_ptr<Session>> sessions_;  ///< all that were ever accepted
};

}  // namespace mlgraph::sim
