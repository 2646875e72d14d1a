#pragma once
// The one WebSocket implementation: frames in, answers and events out through the loop's feed.
#include "gateway/net/shared.h"
#include "gateway/net/websocket.h"
#include "protocol/ws_frame.h"

namespace mlgraph::gateway {

/// Threads   confined to its loop.
/// Lifetime  owned by the loop; its user dies with it, after on_closed.
class WebSocketConnection final : public WebSocket,
                                  public Connection,
                                  public hub::Subscriber,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(
      ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport, UpgradeInfo info
  );
  ~WebSocketConnection() override;
  void start(std::string response_head, std::string leftover);

  // WebSocket
  [[nodiscard]] hub::LoopFeed& feed() override { return loop_.feed(); }
  [[nodiscard]] hub::SlotId slot() const override { return slot_; }
  void send_text(std::string_view message) override;
  void send_binary(std::string_view message) override;
  void set_message_max(std::size_t bytes) override;
  void close(int code, std::string_view reason) override;
  [[nodiscard]] const UpgradeInfo& upgrade() const override { return info_; }
  [[nodiscard]] std::function<void(std::function<void(WebSocket&)>)> poster() override;

  // Connection
  void on_tick(base::SteadyTime now, bool woke_late) override;
  void on_drain(std::string_view reason) override;
  void abort() override { finish(1006, true); }

  // hub::Subscriber
  Written try_write(std::span<const iovec> pieces) override;
  void on_broken() override;
  void on_written() override;
  void want_writable() override;
  void on_evicted(int code, std::string_view reason) override;

 private:
  void wait_readable();
  void on_readable();
  /// Requests wait while what was asked before is not answered: a state is still to be sent, or the
  /// peer takes no answers.
  [[nodiscard]] bool holds_requests();
  /// false: the rest of these bytes is not to be read. What must wait is kept in `unread_`.
  [[nodiscard]] bool consume(std::span<char> bytes);
  void on_event(const protocol::FrameReader::Event& event);
  void on_message(bool binary, std::string_view message);
  void on_compressed(const protocol::FrameReader::Event& event);
  void on_peer_close(const protocol::FrameReader::Event& event);
  void begin_close(int code, const std::string& payload);
  void finish_if_done();
  void finish(int code, bool reset);

  ServerShared& shared_;
  Loop& loop_;
  std::unique_ptr<Transport> transport_;
  UpgradeInfo info_;
  hub::SlotId slot_;
  protocol::FrameReader reader_;
  std::unique_ptr<WebSocketUser> user_;
  std::size_t message_max_ = 0;  ///< of an inflated message
  std::string unread_;           ///< at most one read's bytes, while requests wait
  base::SteadyTime received_at_;
  base::SteadyTime pinged_at_;
  base::SteadyTime message_began_at_;
  int close_code_ = 0;  ///< ours, once begun
  bool peer_closed_ = false;
  bool reading_ = false;     ///< a wait is pending
  bool discarding_ = false;  ///< after a violation or the peer's close: what comes is dropped
  bool shut_ = false;        ///< our end of stream is sent
  bool finished_ = false;
  std::unique_ptr<boost::asio::steady_timer> close_timer_;
};

}  // namespace mlgraph::gateway
