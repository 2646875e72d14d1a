// What an event costs one loop when its sessions have many patterns: cost should follow the
// sessions that an event matches, not the patterns that it does not.
//   pattern_bench FOLDER [SESSIONS] [EVENTS]
// prints {"few_patterns_one_match_us":…,"many_patterns_one_match_us":…,
// "few_patterns_all_match_us":…, "many_patterns_all_match_us":…,"bytes_a_pattern":…}: the thread's
// CPU per event, from its being published to its having been offered to every socket that it is
// for. Few patterns are 2 a session, many 128, the default limit. FOLDER is emptied. A session that
// got other than it was due ends the program.
#include <filesystem>

#include <malloc.h>
#include <time.h>

#include "hub/hub.h"
#include "load_client.h"
#include "store/log.h"

namespace {

using namespace mlgraph;

class Counting final : public hub::Subscriber {
 public:
  std::uint64_t events = 0;
  Written try_write(std::span<const iovec> pieces) override {
    std::size_t bytes = 0;
    for (const auto& piece : pieces) {
      bytes += piece.iov_len;
      const std::string_view text(static_cast<const char*>(piece.iov_base), piece.iov_len);
      events += text.find("\"job.progress\"") != std::string_view::npos;
    }
    return {bytes, false};
  }
  void want_writable() override {}
  void on_evicted(int code, std::string_view) override {
    bench::die("a session was closed: " + std::to_string(code));
  }
};

double thread_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::shared_ptr<const model::Entry> entry(
    std::uint64_t seq, const std::string& epoch, const std::string& job
) {
  auto made = std::make_shared<model::Entry>();
  made->seq = seq;
  made->timestamp = {1'734'863'400'123};
  made->kind = model::EventKind::kJobProgress;
  made->entity = job;
  made->index = "production-vectors";
  made->public_json = model::encode_event(
      made->kind,
      made->timestamp,
      fmt::format(R"({{"jobId":"{}","progress":0.45,"processed":450000}})", job),
      model::format_cursor({epoch, seq})
  );
  return made;
}

std::string job_of(std::size_t session, std::size_t pattern) {
  return fmt::format("job-{}-{}", session, pattern);
}

struct Measured {
  double one_match_us = 0, all_match_us = 0, bytes_a_pattern = 0;
};

Measured measure(
    const std::string& folder, std::size_t sessions, std::size_t patterns, int events
) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto log = store::Log::open(folder, {});
  if (!log) bench::die(log.error().message);
  const base::SystemClock clock;
  metrics::ServerMetrics metrics;
  hub::Hub hub(**log, metrics, clock, {});
  std::vector<std::function<void()>> steps;
  auto& feed = hub.add_loop([&](std::function<void()> step) { steps.push_back(std::move(step)); });
  std::vector<Counting> sockets(sessions);
  std::vector<hub::SlotId> slots;
  for (auto& socket : sockets) slots.push_back(feed.open(socket, protocol::Scopes::admin(), {}));
  const auto before = mallinfo2().uordblks;
  for (std::size_t s = 0; s < sessions; ++s) {
    std::vector<std::string> channels = {"job.shared.*"};
    for (std::size_t p = 1; p < patterns; ++p) channels.push_back("job." + job_of(s, p) + ".*");
    if (!feed.subscribe(slots[s], channels, {}, [](const auto&) { return std::string(); }))
      bench::die("a subscription was refused");
  }
  Measured measured;
  measured.bytes_a_pattern =
      static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(sessions * patterns);
  std::uint64_t seq = 0;
  const auto publish = [&](const std::string& job) {
    const std::shared_ptr<const model::Entry> group[] = {entry(++seq, (*log)->epoch(), job)};
    const double cpu = thread_cpu_seconds();
    hub.publish(group);
    for (const auto& step : std::exchange(steps, {})) step();
    feed.flush();
    return (thread_cpu_seconds() - cpu) * 1e6;
  };
  const auto told = [&] {
    std::uint64_t sum = 0;
    for (const auto& socket : sockets) sum += socket.events;
    return sum;
  };
  std::vector<double> one, all;
  for (int n = 0; n < events; ++n) {
    const auto session = static_cast<std::size_t>(n) * 7'919 % sessions;
    one.push_back(publish(job_of(session, patterns / 2)));
  }
  if (told() != static_cast<std::uint64_t>(events))
    bench::die("not each event came to its one session");
  for (int n = 0; n < events / 10; ++n) all.push_back(publish("shared"));
  if (told() != static_cast<std::uint64_t>(events) + all.size() * sessions)
    bench::die("not each shared event came to all sessions");
  measured.one_match_us = bench::percentile(one, 0.5);
  measured.all_match_us = bench::percentile(all, 0.5);
  hub.stop();
  return measured;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) bench::die("usage: pattern_bench FOLDER [SESSIONS] [EVENTS]");
  const std::string folder = argv[1];
  const std::size_t sessions = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000;
  const int events = argc > 3 ? std::atoi(argv[3]) : 1'000;
  const auto few = measure(folder, sessions, 2, events);
  const auto many = measure(folder, sessions, 128, events);
  std::filesystem::remove_all(folder);
  std::printf(
      "{\"few_patterns_one_match_us\":%.2f,\"many_patterns_one_match_us\":%.2f,"
      "\"few_patterns_all_match_us\":%.0f,\"many_patterns_all_match_us\":%.0f,"
      "\"bytes_a_pattern\":%.0f}\n",
      few.one_match_us,
      many.one_match_us,
      few.all_match_us,
      many.all_match_us,
      many.bytes_a_pattern
  );
}
