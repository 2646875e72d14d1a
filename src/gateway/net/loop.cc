#include "gateway/net/loop.h"

#include <vector>

#include <fmt/format.h>
#include <time.h>

#include "base/thread_pool.h"

namespace mlgraph::gateway {
namespace {

constexpr int kStepsPerTurn = 256;
constexpr int kStepsPerLook = 16;  // at the clock
constexpr auto kTurnTime = std::chrono::milliseconds(1);
// Each connection is visited once a second, a share of them each tick: many idle ones hold up
// nobody.
constexpr std::size_t kTicksPerSecond = 20;
constexpr auto kTick = std::chrono::milliseconds(1'000 / kTicksPerSecond);
constexpr auto kWokeLate = std::chrono::seconds(2);  // from one tick to the next

std::uint64_t thread_cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace

Loop::Loop(
    hub::Hub& hub,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    std::size_t number,
    bool io_uring
)
    : metrics_(metrics),
      clock_(clock),
      number_(number),
      sender_(io_uring),
      feed_(hub.add_loop([this](std::function<void()> step) { post(std::move(step)); }, &sender_)),
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
  runs_on_ = std::this_thread::get_id();
  arm_tick();
  while (!stopping_) {
    if (inbox_.empty()) io_.run_one();
    const auto began = std::chrono::steady_clock::now();
    for (int step = 0; step < kStepsPerTurn; ++step) {
      const bool posted = inbox_.run_one();
      if (io_.poll_one() == 0 && !posted) break;
      if (step % kStepsPerLook == 0 && std::chrono::steady_clock::now() - began > kTurnTime) break;
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
  // What came meanwhile is read before any deadline is judged.
  if (woke_late) late_left_ = connections_.size();
  if (woke_late || ++ticks_ % kTicksPerSecond == 0) feed_.tick(now, woke_late);
  for (auto left = (connections_.size() + kTicksPerSecond - 1) / kTicksPerSecond; left > 0;
       --left) {
    if (connections_.empty()) break;
    if (next_ticked_ >= connections_.size()) next_ticked_ = 0;
    const auto connection = connections_[next_ticked_++];  // it may remove itself
    connection->on_tick(now, late_left_ > 0);
    if (late_left_ > 0) --late_left_;
  }
  const auto cpu = thread_cpu_ns();
  metrics_.loop_busy_ns.fetch_add(cpu - cpu_before_, std::memory_order_relaxed);
  cpu_before_ = cpu;
}

void Loop::add(std::shared_ptr<Connection> connection) {
  connection->place_ = connections_.size();
  connections_.push_back(std::move(connection));
  count_.store(connections_.size(), std::memory_order_relaxed);
}

void Loop::remove(Connection* connection) {
  const auto place = connection->place_;
  if (place >= connections_.size() || connections_[place].get() != connection) return;
  // Whoever removes itself is still in one of its own functions: it goes after this step.
  post([kept = std::move(connections_[place])] {});
  if (place + 1 < connections_.size()) {
    connections_[place] = std::move(connections_.back());
    connections_[place]->place_ = place;
  }
  connections_.pop_back();
  count_.store(connections_.size(), std::memory_order_relaxed);
}

void Loop::for_each(const std::function<void(Connection&)>& visit) {
  const auto all = connections_;
  for (const auto& connection : all) {
    const auto place = connection->place_;
    if (place < connections_.size() && connections_[place] == connection) visit(*connection);
  }
}

}  // namespace mlgraph::gateway
