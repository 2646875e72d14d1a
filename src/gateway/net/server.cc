#include "gateway/net/server.h"

#include <algorithm>
#include <sys/resource.h>
#include <thread>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/net/loop.h"
#include "gateway/net/shared.h"
#include "gateway/net/transport.h"

namespace mlgraph::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr std::size_t kIoThreadsMax = 4;
// The rest of the limit is for the files that those inside need.
constexpr std::size_t kDescriptorsKept = 1'000;

/// The hard limit of descriptors, taken in full.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

/// The kernel hands out the lowest free number, so all below it are in use: sockets, and the files
/// of both databases.
std::size_t descriptors_in_use(int socket) {
  const int lowest_free = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (lowest_free < 0) return static_cast<std::size_t>(-1);
  ::close(lowest_free);
  return static_cast<std::size_t>(lowest_free);
}

}  // namespace

class Server::Impl {
 public:
  Impl(
      ServerOptions options,
      ServerHooks hooks,
      hub::Hub& hub,
      base::Executor& compute,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock
  )
      : shared_{std::move(options), std::move(hooks), compute, metrics, clock, {}, {}, {}} {
    std::size_t threads = shared_.options.io_threads;
    if (threads == 0)
      threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kIoThreadsMax);
    for (std::size_t i = 0; i < threads; ++i)
      loops_.push_back(std::make_unique<Loop>(hub, metrics, clock, i, shared_.options.io_uring));
    acceptor_.emplace(loops_.front()->io());
    pause_.emplace(loops_.front()->io());
  }

  ~Impl() {
    for (auto& loop : loops_) loop->stop();
  }

  Result<void> start() {
    if (!shared_.options.tls_cert_file.empty()) {
      MLG_TRY_VOID(load_tls(shared_.options));
    }
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(
        shared_.options.host == "localhost" ? "127.0.0.1" : shared_.options.host, ec
    );
    if (ec)
      return fail(ErrorCode::kInvalidValue, "listen: '{}' is no IP address", shared_.options.host);
    const tcp::endpoint endpoint(address, shared_.options.port);
    acceptor_->open(endpoint.protocol(), ec);
    if (!ec) acceptor_->set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor_->bind(endpoint, ec);
    if (!ec) acceptor_->listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
      return fail(
          ErrorCode::kInternal,
          "listening on {}:{}: {}",
          shared_.options.host,
          shared_.options.port,
          ec.message()
      );
    port_ = acceptor_->local_endpoint().port();
    accept();
    for (auto& loop : loops_) loop->start();
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  Result<void> reload(const ServerOptions& next) {
    if (shared_.tls.load()) {
      MLG_TRY_VOID(load_tls(next));
    }
    shared_.options.websocket = next.websocket;
    shared_.options.body_budget = next.body_budget;
    shared_.options.body_idle_time = next.body_idle_time;
    return {};
  }

  void begin_drain() { shared_.draining = true; }

  void drain(std::chrono::milliseconds spread, std::chrono::milliseconds deadline) {
    const auto began = std::chrono::steady_clock::now();
    begin_drain();
    // Closes in slices over `spread`: the clients come back spread out as well. The first one waits
    // too: until the port closes behind the last, it answers that this server is not ready, so that
    // whoever balances load looks away before sessions end.
    constexpr std::int64_t kSlices = 10;
    for (std::int64_t slice = 0; slice < kSlices; ++slice) {
      if (connections() > 0) std::this_thread::sleep_for(spread / kSlices);
      for (auto& loop : loops_)
        loop->post([this, &loop = *loop, slice, spread] {
          drain_slice(loop, slice, kSlices, spread);
        });
    }
    loops_.front()->post([this] { stop_accepting(); });
    while (connections() > 0 && std::chrono::steady_clock::now() - began < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (const auto left = connections(); left > 0)
      base::log(
          base::LogLevel::kWarn, "connections are cut at the end of the drain", "connections", left
      );
    for (auto& loop : loops_) loop->stop();
  }

  [[nodiscard]] std::size_t connections() const {
    std::size_t sum = 0;
    for (const auto& loop : loops_) sum += loop->connections();
    return sum;
  }

 private:
  Result<void> load_tls(const ServerOptions& from) {
    MLG_TRY(context, TlsContext::load(from.tls_cert_file, from.tls_key_file));
    shared_.tls.store(context);
    return {};
  }

  void drain_slice(
      Loop& loop, std::int64_t slice, std::int64_t slices, std::chrono::milliseconds spread
  ) {
    const auto wait = spread.count() + spread.count() * slice / std::max<std::int64_t>(1, slices);
    const std::string reason = fmt::format("shutdown retry_after_ms={}", wait);
    // Each connection has its slice, so that one whose peer takes its time to close is not counted
    // again in the next.
    loop.for_each([&](Connection& connection) {
      const auto mixed = reinterpret_cast<std::uintptr_t>(&connection) * 0x9E3779B97F4A7C15U >> 32U;
      if (static_cast<std::int64_t>(mixed % static_cast<std::uintptr_t>(slices)) <= slice)
        connection.on_drain(reason);
    });
  }

  void stop_accepting() {
    boost::system::error_code ec;
    acceptor_->close(ec);
    pause_->cancel();
  }

  void accept() {
    if (!acceptor_->is_open()) return;
    Loop& loop = *loops_[next_loop_++ % loops_.size()];
    acceptor_->async_accept(
        loop.io(),
        [this, &loop](boost::system::error_code ec, Transport::Socket socket) {
          if (ec == asio::error::operation_aborted) return;
          if (ec) {
            // No descriptor is left: accepting pauses until some are given back.
            shared_.metrics.connections_refused.fetch_add(1, std::memory_order_relaxed);
            return accept_later();
          }
          begin(loop, std::move(socket));
          if (is_crowded()) {
            if (!std::exchange(full_told_, true))
              base::log(
                  base::LogLevel::kWarn,
                  "accepting pauses near the descriptor limit",
                  "limit",
                  descriptors_max_,
                  "in_use",
                  crowded_at_,
                  "connections",
                  connections()
              );
            return accept_later();
          }
          full_told_ = false;
          accept();
        }
    );
  }

  bool is_crowded() { return descriptors_in_use(acceptor_->native_handle()) >= crowded_at_; }

  void accept_later() {
    pause_->expires_after(kAcceptPause);
    pause_->async_wait([this](boost::system::error_code ec) {
      if (ec || !acceptor_->is_open()) return;
      is_crowded() ? accept_later() : accept();
    });
  }

  void begin(Loop& loop, Transport::Socket socket) {
    auto transport = std::make_shared<std::unique_ptr<Transport>>(
        std::make_unique<Transport>(std::move(socket), shared_.tls.load())
    );
    loop.post([this, &loop, transport] { start_http(shared_, loop, std::move(*transport)); });
  }

  ServerShared shared_;
  const std::size_t descriptors_max_ = raise_descriptor_limit();
  const std::size_t crowded_at_ =
      descriptors_max_ - std::min(descriptors_max_ / 10, kDescriptorsKept);
  std::vector<std::unique_ptr<Loop>> loops_;
  // On the first loop.
  std::optional<asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>> acceptor_;
  std::optional<asio::steady_timer> pause_;
  std::size_t next_loop_ = 0;
  bool full_told_ = false;
  std::uint16_t port_ = 0;
};

Server::Server(
    ServerOptions options,
    ServerHooks hooks,
    hub::Hub& hub,
    base::Executor& compute,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock
)
    : impl_(
          std::make_unique<Impl>(std::move(options), std::move(hooks), hub, compute, metrics, clock)
      ) {}
Server::~Server() = default;
Result<void> Server::start() { return impl_->start(); }
std::uint16_t Server::port() const { return impl_->port(); }
Result<void> Server::reload(const ServerOptions& next) { return impl_->reload(next); }
void Server::begin_drain() { impl_->begin_drain(); }
void Server::drain(std::chrono::milliseconds spread, std::chrono::milliseconds deadline) {
  impl_->drain(spread, deadline);
}
std::size_t Server::connections() const { return impl_->connections(); }

}  // namespace mlgraph::gateway
