#pragma once
// One HTTP/1.1 connection: heads checked and parsed, bodies read, answers written, requests in
// turn.
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "gateway/net/body_pipe.h"
#include "gateway/net/shared.h"
#include "gateway/net/upgrade.h"

namespace mlgraph::gateway {

/// Threads   confined to its loop; replies come in by post.
/// Lifetime  owned by the loop; a WebSocket or SSE stream takes its transport and leaves it to end.
class HttpConnection final : public Connection,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport);
  ~HttpConnection() override;
  void start();

  void on_tick(base::SteadyTime now, bool woke_late) override;
  void on_drain(std::string_view reason) override;
  void abort() override { finish(); }

 private:
  enum class State : std::uint8_t { kHead, kBody, kStream, kHandling, kWriting, kLingering, kDone };
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  void wait_readable();
  void on_readable();
  void process();
  [[nodiscard]] bool read_head();
  [[nodiscard]] base::Result<void> parse_head(std::string_view head);
  void route();
  [[nodiscard]] bool try_upgrade(const Credentials& credentials);
  void begin_body(const Route& route);
  void read_body();
  [[nodiscard]] base::Result<bool> decode(
      const std::function<base::Result<bool>(std::string_view)>& take
  );
  void dispatch();
  [[nodiscard]] Reply make_reply();
  void respond(HttpResponse response);
  void refuse(const base::Error& error, bool close);
  void send(HttpResponse response);
  void write_some();
  void after_response();
  void linger();
  void lost();
  void finish();
  void release_body();
  void set_deadline(std::chrono::seconds after) { deadline_ = loop_.clock().steady_now() + after; }

  ServerShared& shared_;
  Loop& loop_;
  std::unique_ptr<Transport> transport_;
  State state_ = State::kHead;
  bool reading_ = false;  ///< a wait is pending
  bool close_after_ = false;
  bool continue_sent_ = false;
  std::string in_;  ///< read but not consumed
  std::string out_;
  std::size_t out_sent_ = 0;
  base::SteadyTime deadline_;
  std::size_t lingered_ = 0;

  std::optional<Parser> parser_;
  HeaderMap headers_;
  std::shared_ptr<HttpRequest> request_;
  const Route* route_ = nullptr;
  std::vector<std::pair<std::string, std::string>> extra_headers_;
  std::shared_ptr<BodyPipe> pipe_;
  std::size_t reserved_ = 0;      ///< of the body budget
  std::uint64_t generation_ = 0;  ///< of the request: late replies to an earlier one are dropped
  std::uint64_t body_received_ = 0;
  std::shared_ptr<std::FILE> file_;
};

}  // namespace mlgraph::gateway
