#pragma once
// The port: listeners, I/O loops, connections. What is answered is decided by the hooks.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/live.h"
#include "base/thread_pool.h"
#include "gateway/api/router.h"
#include "gateway/net/websocket.h"
#include "hub/hub.h"
#include "metrics/server_metrics.h"

namespace mlgraph::gateway {

/// What a request carried to say who it is.
struct Credentials {
  std::optional<std::string> token;  ///< Authorization: Bearer or x-api-key
  bool conflicting = false;          ///< two different ones were sent
  bool in_query =
      false;  ///< ?token=, or a token under any other name: refused with an explaining error
};

/// The answer to "may this request go on?", given after the head and before any body is read.
struct Admission {
  const Route* route = nullptr;         ///< set: go on
  std::optional<HttpResponse> refusal;  ///< set: answer this, don't read the body
  std::vector<std::pair<std::string, std::string>> headers;  ///< added to whatever is answered
};

/// One live SSE stream; its slot has Encoding::kServerSentEvents.
class SseStream {
 public:
  virtual ~SseStream() = default;
  [[nodiscard]] virtual hub::LoopFeed& feed() = 0;
  [[nodiscard]] virtual hub::SlotId slot() const = 0;
  virtual void send_raw(std::string text) = 0;  ///< e.g. "id: …\n\n" or ": comment\n\n"
  virtual void close() = 0;
  [[nodiscard]] virtual std::function<void(std::function<void(SseStream&)>)> poster() = 0;
};
class SseUser {
 public:
  virtual ~SseUser() = default;
  virtual void on_tick(base::SteadyTime now) = 0;
  virtual void on_closed() = 0;
};

struct ServerHooks {
  const Router* router = nullptr;
  /// Loop thread; quick. Fills request.params and principal. `request.method/path/query/remote` are
  /// set.
  std::function<Admission(HttpRequest& request, const Credentials& credentials)> admit;
  /// Makes the user of an upgraded socket at the paths below.
  WebSocketAccept accept_websocket;
  std::vector<std::string> websocket_paths{"/ws", "/ws/events"};
  /// The route GET …/events (Access::kEvents) becomes an SSE stream: answers an error, or the user
  /// of the stream.
  std::function<base::Result<std::unique_ptr<SseUser>>(SseStream&, const HttpRequest&)> accept_sse;
  /// Whether a browser's Origin may connect; `host` is the Host header, `tls` whether this port
  /// speaks TLS.
  std::function<bool(std::string_view origin, std::string_view host, bool tls)> allow_origin;
  /// Whether the Host header is served (DNS rebinding); default: all.
  std::function<bool(std::string_view host)> allow_host;
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;      ///< 0 picks one
  std::size_t io_threads = 0;  ///< 0: one per core, at most 4
  bool io_uring = false;       ///< a turn's sends are submitted together, where the kernel lets us
  std::string tls_cert_file, tls_key_file;  ///< both or none
  WebSocketLimits websocket;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t headers_max = 100;
  std::size_t inline_body_max = 64 * 1024;  ///< larger bodies count against body_budget
  /// All bodies in memory together: 503 overloaded beyond.
  base::Live<std::size_t> body_budget = std::size_t{512} << 20;
  std::chrono::seconds header_time{10};  ///< 408
  /// No byte of a body for this long: 408.
  base::Live<std::chrono::seconds> body_idle_time = std::chrono::seconds(30);
  std::size_t body_bytes_per_second_min =
      1'024;  ///< over body_idle_time, of bodies that do not stream: 408
  std::chrono::seconds keep_alive_time{75};
};

/// Place     one per server, after hub and engine.
/// Threads   start/stop from main; each connection confined to one loop.
class Server {
 public:
  Server(
      ServerOptions options,
      ServerHooks hooks,
      hub::Hub& hub,
      base::Executor& compute,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock
  );
  ~Server();
  /// Opens the port (SO_REUSEADDR) and runs the loops. errors kInternal naming address and reason.
  [[nodiscard]] base::Result<void> start();
  [[nodiscard]] std::uint16_t port() const;
  /// Takes over what of `next` can change under live connections: certificate and key, read again
  /// and served to new ones; limits and times; deflate. errors leave all as it was.
  [[nodiscard]] base::Result<void> reload(const ServerOptions& next);
  /// From now on upgrades are refused, and connections end behind their answer. drain() does it
  /// too; who still has to end work before draining says it first.
  void begin_drain();
  /// Stops accepting, closes WebSockets with 4103 (spread over `spread`, reason retry_after_ms=…),
  /// ends SSE, finishes requests in flight, then ends the loops. At most `deadline`.
  void drain(std::chrono::milliseconds spread, std::chrono::milliseconds deadline);
  /// Live connections of all kinds.
  [[nodiscard]] std::size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlgraph::gateway
