#pragma once
// The server's end of a simulated socket: what gateway::WebSocketConnection is to a real one.
#include <deque>
#include <memory>
#include <optional>

#include "gateway/session/socket_session.h"
#include "sim/scheduler.h"
#include "sim/session.h"

namespace mlgraph::sim {

class SimConnection;

/// A loop whose steps run by hand.
struct LoopRig {
  std::size_t number = 0;
  HandQueue steps;
  hub::LoopFeed* feed = nullptr;
  std::vector<std::shared_ptr<SimConnection>> connections;
  base::SteadyTime ticked;
  bool tick_posted = false;
};

/// Before the server does anything on its session, the mirror foretells it; afterwards the judge is
/// told where in the stream it happened.
class SimConnection final : public gateway::WebSocket,
                            public hub::Subscriber,
                            public std::enable_shared_from_this<SimConnection> {
 public:
  SimConnection(
      Ground& ground,
      LoopRig& loop,
      gateway::SessionServices& services,
      std::shared_ptr<Session> session
  );

  // Steps of the loop.
  void accept();
  void on_tick(base::SteadyTime now);
  void drain();
  /// The server stops: the connection is cut.
  void abort() { finish(1006, true); }
  /// After each step of the loop: bounds hold, and what lies waiting is noted.
  void look();
  [[nodiscard]] bool finished() const { return finished_; }
  /// Everything queued is sent, and the session stands at the tail.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] Session& session() { return *session_; }

  // gateway::WebSocket
  [[nodiscard]] hub::LoopFeed& feed() override { return *loop_.feed; }
  [[nodiscard]] hub::SlotId slot() const override { return slot_; }
  void send_text(std::string_view message) override { feed().send_message(slot_, message); }
  void send_binary(std::string_view) override {}
  void set_message_max(std::size_t) override {}
  void close(int code, std::string_view reason) override;
  [[nodiscard]] const gateway::UpgradeInfo& upgrade() const override { return info_; }
  [[nodiscard]] std::function<void(std::function<void(gateway::WebSocket&)>)> poster() override;

  // hub::Subscriber
  Written try_write(std::span<const iovec> pieces) override;
  void want_writable() override;
  void on_evicted(int code, std::string_view reason) override;

 private:
  void perform(Operation op, const std::function<void()>& step);
  void post(void (SimConnection::*step)());
  void on_readable();
  [[nodiscard]] bool holds_requests();
  void on_writable();
  void on_client_end();
  void begin_close(int code, std::string_view reason);
  void finish(int code, bool reset);
  [[nodiscard]] std::uint64_t stream_end();
  [[nodiscard]] std::size_t queue_limit() const;
  [[nodiscard]] bool may_be_evicted() const;
  void mistake(std::string_view what, std::uint64_t number);

  Ground& ground_;
  LoopRig& loop_;
  gateway::SessionServices& services_;
  const std::shared_ptr<Session> session_;
  gateway::UpgradeInfo info_;
  hub::SlotId slot_;
  std::unique_ptr<gateway::SocketSession> user_;
  bool in_operation_ = false;
  bool evicted_ = false;
  std::optional<int> foretold_close_;
  int close_code_ = 0;
  base::SteadyTime close_by_;
  bool finished_ = false;
  bool readable_posted_ = false;
  bool wants_writable_ = false;
  std::optional<base::SteadyTime> waiting_since_;  ///< with bytes that the wire does not take
  std::size_t queued_before_ = 0;                  ///< when last looked at
  std::uint64_t position_before_ = 0;
  struct Answers {
    std::uint64_t to = 0;
    std::uint64_t bytes = 0;
  };
  std::deque<Answers> answers_;  ///< that may still be queued: they are not held back
  std::size_t states_asked_ = 0;
};

}  // namespace mlgraph::sim
