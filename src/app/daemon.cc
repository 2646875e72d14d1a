#include "app/daemon.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>

#include "app/server.h"
#include "base/log.h"

namespace mlgraph::app {
namespace {

using base::Result;
using Started = Result<std::unique_ptr<Server>>;

constexpr auto kStartGrace = std::chrono::seconds(3);  // for a start that was asked to stop

Started start(const Config& config, Signals& signals) {
  auto server = Server::open(config);
  if (!server) return server;
  if (auto started = (*server)->start([&signals] { return signals.stop_asked(); }); !started)
    return tl::unexpected(started.error());
  return server;
}

int failed(const base::Error& error) {
  std::fprintf(stderr, "mlgraphd: %s\n", error.message.c_str());
  return 1;
}

// As safe as a kill: all that was acknowledged is on disk, and the next start recovers the rest.
[[noreturn]] void cut(const char* what) {
  base::log(base::LogLevel::kWarn, "stopped without waiting any longer", "unfinished", what);
  std::fflush(nullptr);
  std::_Exit(0);
}

int stop(Server& server) {
  base::log(base::LogLevel::kInfo, "stopping");
  if (!server.stop()) cut("recovery");
  return 0;
}

int stop_while_starting(std::future<Started>& starting) {
  base::log(base::LogLevel::kInfo, "stopping", "while", "starting");
  if (starting.wait_for(kStartGrace) != std::future_status::ready) cut("start");
  auto server = starting.get();
  if (server) return stop(**server);
  return server.error().code == base::ErrorCode::kInterrupted ? 0 : failed(server.error());
}

}  // namespace

int run(const Loaded& loaded, const Sources& sources, Signals& signals, const Notify& notify) {
  notify.status("reading the data");
  // On a thread of its own: signals are answered while databases open and shards load.
  auto starting = std::async(std::launch::async, [&loaded, &signals] {
    auto started = start(loaded.config, signals);
    signals.wake();
    return started;
  });
  bool reload_due = false;
  for (auto wish = signals.next(); wish != Wish::kLook; wish = signals.next()) {
    if (wish == Wish::kStop) {
      notify.stopping();
      return stop_while_starting(starting);
    }
    reload_due = true;
  }
  auto server = starting.get();
  if (!server) return failed(server.error());
  std::printf("mlgraphd listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  notify.ready("serving on " + (*server)->address());
  const auto reload = [&] {
    notify.reloading();
    notify.ready((*server)->reload(load(sources)));
  };
  if (reload_due) reload();
  while (signals.next() != Wish::kStop) reload();
  notify.stopping();
  return stop(**server);
}

}  // namespace mlgraph::app
