// A plain echo over the server's own WebSocket code, for conformance suites.
//   ws_echo PORT [--deflate]        with it, permessage-deflate is negotiated
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/thread_pool.h"
#include "gateway/net/server.h"
#include "store/log.h"
#include "support/memory_log.h"

namespace {

using namespace mlgraph;

class Echo final : public gateway::WebSocketUser {
 public:
  explicit Echo(gateway::WebSocket& socket) : socket_(socket) {}
  void on_text(std::string_view message) override { socket_.send_text(message); }
  void on_binary(std::string_view message) override { socket_.send_binary(message); }
  void on_control() override {}
  void on_tick(base::SteadyTime) override {}
  void on_closed(int) override {}

 private:
  gateway::WebSocket& socket_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool deflate = argc == 3 && std::string_view(argv[2]) == "--deflate";
  if (argc != 2 && !deflate) return std::fprintf(stderr, "usage: ws_echo PORT [--deflate]\n"), 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  base::SystemClock clock;
  metrics::ServerMetrics metrics;
  testing::MemoryLog log;
  hub::Hub hub(log, metrics, clock, {});
  base::ThreadPool compute({"compute", 1, 16, 0});
  gateway::Router router;
  gateway::ServerHooks hooks;
  hooks.router = &router;
  hooks.websocket_paths = {"/"};
  hooks.admit = [](gateway::HttpRequest&, const gateway::Credentials&) {
    gateway::Admission admission;
    admission.refusal =
        gateway::error_response({base::ErrorCode::kNotFound, "only an echo lives here", {}, {}});
    return admission;
  };
  hooks.accept_websocket = [](gateway::WebSocket& socket) {
    return std::make_unique<Echo>(socket);
  };
  gateway::ServerOptions options;
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.io_threads = 1;
  options.websocket.message_max = std::size_t{16} << 20;
  options.websocket.deflate = deflate;
  options.websocket.queue_bytes_max = std::size_t{64} << 20;
  gateway::Server server(options, hooks, hub, compute, metrics, clock);
  if (auto started = server.start(); !started)
    return std::fprintf(stderr, "%s\n", started.error().message.c_str()), 1;
  std::printf("ws_echo listening on http://127.0.0.1:%d\n", server.port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server.drain(std::chrono::milliseconds(0), std::chrono::seconds(2));
  hub.stop();
}
