#pragma once
// One HTTP/1.1 connection: heads checked and parsed, bodies read, answers written, requests in
// turn.
#include "gateway/net/request_body.h"
#include "gateway/net/request_parser.h"
#include "gateway/net/response_writer.h"
#include "gateway/net/shared.h"

namespace mlgraph::gateway {

/// Threads   confined to its loop; replies come in by post.
/// Lifetime  owned by the loop; a WebSocket or SSE stream takes its transport and leaves it to end.
class HttpConnection final : public Connection,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport);
  void start();

  void on_tick(base::SteadyTime now, bool woke_late) override;
  void on_drain(std::string_view reason) override;
  void abort() override { finish(); }

 private:
  enum class State : std::uint8_t { kHead, kBody, kStream, kHandling, kWriting, kLingering, kDone };

  void wait_readable();
  void on_readable();
  void process();
  [[nodiscard]] bool read_head();
  void begin_request(ParsedHead head);
  void route();
  [[nodiscard]] bool check_origin();
  [[nodiscard]] bool try_upgrade(const Credentials& credentials);
  void begin_body(const Route& route);
  void continue_if_asked();
  void read_body();
  void fail_body(const base::Error& error);
  void dispatch();
  [[nodiscard]] Reply make_reply();
  void respond(HttpResponse response);
  void refuse(const base::Error& error, bool close);
  void write_some();
  void after_response();
  void linger();
  void lost();
  void finish();
  void set_deadline(std::chrono::seconds after) { deadline_ = loop_.clock().steady_now() + after; }

  ServerShared& shared_;
  Loop& loop_;
  std::unique_ptr<Transport> transport_;
  const std::string remote_;
  State state_ = State::kHead;
  bool reading_ = false;  ///< a wait is pending
  bool close_after_ = false;
  std::string in_;  ///< read but not consumed
  ResponseWriter out_;
  base::SteadyTime deadline_;
  std::size_t lingered_ = 0;

  ParsedHead head_;  ///< of the request in hand, if head_.request is set
  const Route* route_ = nullptr;
  ResponseWriter::Headers extra_headers_;
  std::unique_ptr<RequestBody> body_;  ///< from its begin to the answer's end
  std::uint64_t generation_ = 0;  ///< of the request: late replies to an earlier one are dropped
};

}  // namespace mlgraph::gateway
