#include "gateway/net/loop.h"

#include <vector>

#include <fmt/format.h>
#include <time.h>

#include "base/thread_pool.h"

namespace mlgraph::gateway {
namespace {

constexpr int kStepsPerTurn = 256;
constexpr auto kTick = std::chrono::seconds(1);
constexpr auto kWokeLate = std::chrono::seconds(2);  // from one tick to the next

std::uint64_t thread_cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace

Loop::Loop(
    hub::Hub& hub, metrics::ServerMetrics& metrics, const base::Clock& clock, std::size_t number
)
    : metrics_(metrics),
      clock_(clock),
      number_(number),
      feed_(hub.add_loop([this](std::function<void()> step) { post(std::move(step)); })),
      last_tick_(clock.steady_now()) {}

Loop::~Loop() { stop(); }

void Loop::start() {
  thread_ = std::thread([this] { run(); });
}

void Loop::stop() {
  if (!stopping_.exchange(true)) post([] {});
  if (thread_.joinable()) thread_.join();
}

void Loop::run() {
  base::set_thread_role(fmt::format("io-{}", number_), 0);
  arm_tick();
  while (!stopping_) {
    io_.run_one();
    for (int step = 0; step < kStepsPerTurn && io_.poll_one() > 0; ++step) {
    }
    feed_.flush();  // a turn's frames in one send per session
  }
  // Connections hold slots of the feed and handlers of the context: they go while both still live.
  for_each([](Connection& connection) { connection.abort(); });
}

void Loop::arm_tick() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](boost::system::error_code ec) {
    if (!ec) on_tick();
  });
}

void Loop::on_tick() {
  arm_tick();
  const auto now = clock_.steady_now();
  const bool woke_late = now - last_tick_ > kWokeLate;
  last_tick_ = now;
  if (!woke_late) feed_.tick(now);
  for_each([&](Connection& connection) { connection.on_tick(now, woke_late); });
  const auto cpu = thread_cpu_ns();
  metrics_.loop_busy_ns.fetch_add(cpu - cpu_before_, std::memory_order_relaxed);
  cpu_before_ = cpu;
}

void Loop::add(std::shared_ptr<Connection> connection) {
  const Connection* key = connection.get();
  connections_[key] = std::move(connection);
  count_.store(connections_.size(), std::memory_order_relaxed);
}

void Loop::remove(const Connection* connection) {
  const auto it = connections_.find(connection);
  if (it == connections_.end()) return;
  // Whoever removes itself is still in one of its own functions: it goes after this step.
  post([kept = std::move(it->second)] {});
  connections_.erase(it);
  count_.store(connections_.size(), std::memory_order_relaxed);
}

void Loop::for_each(const std::function<void(Connection&)>& visit) {
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all)
    if (connections_.contains(connection.get())) visit(*connection);
}

}  // namespace mlgraph::gateway
