// The gateway and the hub as they are, fed by its own clients: what fan-out is measured with.
//   fanout_server --port P [--loops N] [--durable] [--uring] [--deflate]
//                 [--tls-cert FILE --tls-key FILE]
// Sessions need no auth (one that sends the token `mlg_fanout_server` is answered as by mlgraphd).
// A text message {"type":"publish","data":{…}} is published as the data of a metrics.system event,
// each delivered; with --durable, of an alert.rate_limit event in a synced log of its own.
#include <csignal>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>
#include <simdjson.h>

#include "base/log.h"
#include "base/thread_pool.h"
#include "gateway/net/server.h"
#include "gateway/session/socket_session.h"
#include "load_client.h"
#include "store/committer.h"
#include "store/log.h"

namespace {

using namespace mlgraph;

constexpr std::string_view kToken = "mlg_fanout_server";
constexpr std::string_view kPublish = "publish";
constexpr std::size_t kQueueBytes = std::size_t{64}
                                    << 20;  // a sample that waits would be conflated
constexpr std::uint32_t kUnlimited = 1'000'000'000;

struct Arguments {
  std::uint16_t port = 0;
  std::size_t loops = 1;
  bool durable = false, io_uring = false, deflate = false;
  std::string tls_cert, tls_key;
};

/// The `data` of a publish message, or nothing where it is another message. Threads: each its own.
std::optional<std::string> data_of(std::string_view message) {
  if (message.find(kPublish) == std::string_view::npos) return {};
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object request;
  std::string_view type;
  if (parser.parse(message).get(request)) return {};
  if (request["type"].get(type) || type != kPublish) return {};
  simdjson::dom::object data;
  if (request["data"].get(data)) bench::die("publish needs data: an object");
  return simdjson::to_string(data);
}

/// The log, committer and hub of a server without indices.
class Feed {
 public:
  Feed(const std::string& folder, bool durable)
      : durable_(durable),
        log_(open(folder)),
        committer_(*log_, clock, {}),
        hub(*log_, metrics, clock, {}) {
    committer_.add_sink([this](auto entries) { hub.publish(entries); });
  }

  void publish(std::string_view data) {
    if (!durable_)
      return hub.publish_metric(model::EventKind::kMetricsSystem, {}, {}, clock.wall_now(), data);
    committer_.submit(
        [data = std::string(data)](store::Decision& decision) -> base::Result<void> {
          decision.log({model::EventKind::kAlertRateLimit, "fanout", {}, data, {}});
          return {};
        },
        [](const auto& outcome) {
          if (!outcome) bench::die("an event was not committed: " + outcome.error().message);
        }
    );
  }
  void stop() {
    committer_.stop();
    hub.stop();
  }
  [[nodiscard]] store::Committer& committer() { return committer_; }
  [[nodiscard]] store::Log& log() { return *log_; }

  base::SystemClock clock;
  metrics::ServerMetrics metrics;

 private:
  static std::unique_ptr<store::Log> open(const std::string& folder) {
    auto log = store::Log::open(folder, {});
    if (!log) bench::die(log.error().message);
    return std::move(*log);
  }
  const bool durable_;
  const std::unique_ptr<store::Log> log_;
  store::Committer committer_;

 public:
  hub::Hub hub;
};

/// A session of the server that may publish.
class PublishingSession final : public gateway::WebSocketUser {
 public:
  PublishingSession(gateway::SessionServices& services, gateway::WebSocket& socket, Feed& feed)
      : session_(services, socket), feed_(feed) {
    session_.on_text(fmt::format(R"({{"type":"auth","token":"{}"}})", kToken));
  }
  void on_text(std::string_view message) override {
    if (const auto data = data_of(message)) return feed_.publish(*data);
    session_.on_text(message);
  }
  void on_binary(std::string_view message) override { session_.on_binary(message); }
  void on_control() override { session_.on_control(); }
  void on_tick(base::SteadyTime now) override { session_.on_tick(now); }
  void on_closed(int code) override { session_.on_closed(code); }

 private:
  gateway::SocketSession session_;
  Feed& feed_;
};

gateway::ServerOptions options_of(const Arguments& arguments) {
  gateway::ServerOptions options;
  options.port = arguments.port;
  options.io_threads = arguments.loops;
  options.io_uring = arguments.io_uring;
  options.tls_cert_file = arguments.tls_cert;
  options.tls_key_file = arguments.tls_key;
  options.websocket.deflate = arguments.deflate;
  options.websocket.queue_bytes_max = kQueueBytes;
  return options;
}

gateway::SessionLimits unlimited() {
  gateway::SessionLimits limits;
  limits.requests_per_second = kUnlimited;
  limits.request_burst = kUnlimited;
  limits.sessions_per_token = kUnlimited;
  limits.queue_bytes = kQueueBytes;
  return limits;
}

void serve(const Arguments& arguments, const std::string& folder) {
  Feed feed(folder, arguments.durable);
  gateway::Authenticator authenticator(feed.log(), feed.clock);
  if (auto set = authenticator.set_admin_token(kToken, gateway::AdminToken::kGiven); !set)
    bench::die(set.error().message);
  gateway::RateLimiter limiter(feed.clock);
  gateway::SessionRegistry registry;
  gateway::SessionServices services{
      feed.hub,
      feed.committer(),
      authenticator,
      limiter,
      registry,
      feed.metrics,
      feed.clock,
      unlimited(),
      "bench",
      "0"};
  base::ThreadPool compute({"compute", 1, 16, 0});
  gateway::Router router;
  gateway::ServerHooks hooks;
  hooks.router = &router;
  hooks.admit = [](gateway::HttpRequest&, const gateway::Credentials&) {
    gateway::Admission admission;
    admission.refusal = gateway::error_response(
        {base::ErrorCode::kNotFound, "only the event stream lives here", {}, {}}
    );
    return admission;
  };
  hooks.accept_websocket = [&](gateway::WebSocket& socket) {
    return std::make_unique<PublishingSession>(services, socket, feed);
  };
  gateway::Server server(options_of(arguments), hooks, feed.hub, compute, feed.metrics, feed.clock);
  if (auto started = server.start(); !started) bench::die(started.error().message);
  std::printf(
      "fanout_server listening on http%s://127.0.0.1:%d\n",
      arguments.tls_cert.empty() ? "" : "s",
      server.port()
  );
  std::fflush(stdout);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int signal = 0;
  sigwait(&signals, &signal);
  server.drain(std::chrono::milliseconds(0), std::chrono::seconds(2));
  feed.stop();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("The gateway and the hub, fed by its own clients.");
  app.add_option("--port", arguments.port, "0 picks one");
  app.add_option("--loops", arguments.loops, "I/O loops");
  app.add_flag("--durable", arguments.durable, "events go through the log");
  app.add_flag("--uring", arguments.io_uring, "a turn's sends go through io_uring");
  app.add_flag("--deflate", arguments.deflate, "permessage-deflate is negotiated");
  app.add_option("--tls-cert", arguments.tls_cert);
  app.add_option("--tls-key", arguments.tls_key);
  CLI11_PARSE(app, argc, argv);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  base::set_log_level(base::LogLevel::kError);
  const auto folder = std::filesystem::temp_directory_path() /
                      fmt::format("mlgraph-fanout-{}", static_cast<int>(getpid()));
  std::filesystem::create_directories(folder);
  serve(arguments, folder);
  std::filesystem::remove_all(folder);
}
