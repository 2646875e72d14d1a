// Fills a data directory's log with small job events through the committer, so that a server
// started on it has a long history.
//   fill_log DATA_DIR MEGABYTES        prints {"epoch":…,"events":…,"rare":[…]}
// Three of the events are about the job "rare": at a tenth, the middle and the end.
#include <atomic>
#include <filesystem>
#include <semaphore>

#include "base/json.h"
#include "load_client.h"
#include "store/committer.h"
#include "store/log.h"

using namespace mlgraph;

int main(int argc, char** argv) {
  if (argc < 3) bench::die("usage: fill_log DATA_DIR MEGABYTES");
  auto folder = store::DataDir::open(argv[1]);
  if (!folder) bench::die(folder.error().message);
  const auto log = store::Log::open(argv[1], {});
  if (!log) bench::die(log.error().message);
  const base::SystemClock clock;
  constexpr std::uint64_t kEventBytes = 420;  // a message and what the log keeps beside it
  const std::uint64_t events =
      std::strtoull(argv[2], nullptr, 10) * (std::uint64_t{1} << 20) / kEventBytes;
  const std::array<std::uint64_t, 3> rare = {events / 10, events / 2, events - 10};
  {
    store::Committer committer(**log, clock, {});
    constexpr std::ptrdiff_t kInFlight = 4'096;
    std::counting_semaphore<kInFlight> room(kInFlight);
    for (std::uint64_t n = 1; n <= events; ++n) {
      room.acquire();
      model::Job job;
      job.job_id = std::find(rare.begin(), rare.end(), n) != rare.end()
                       ? "rare"
                       : "import-" + std::to_string(n / 10'000 % 100);
      job.job_type = "import";
      job.index = "docs";
      job.phase = "write";
      job.state = model::JobState::kRunning;
      job.processed = n;
      job.total = events;
      job.progress = static_cast<double>(n) / static_cast<double>(events);
      job.started_at = clock.wall_now();
      model::Draft draft{model::EventKind::kJobProgress, job.job_id, job.index, {}, {}};
      base::JsonWriter out(draft.data_json);
      write(out, job);
      committer.submit(
          [draft](store::Decision& decision) -> base::Result<void> {
            decision.log(draft);
            return {};
          },
          [&room](const base::Result<std::uint64_t>& seq) {
            if (!seq) bench::die(seq.error().message);
            room.release();
          }
      );
    }
    for (std::ptrdiff_t i = 0; i < kInFlight; ++i) room.acquire();
  }
  std::printf(
      "{\"epoch\":\"%s\",\"events\":%llu,\"oldest\":%llu,\"rare\":[%llu,%llu,%llu]}\n",
      (*log)->epoch().c_str(),
      static_cast<unsigned long long>(events),
      static_cast<unsigned long long>((*log)->oldest()),
      static_cast<unsigned long long>(rare[0]),
      static_cast<unsigned long long>(rare[1]),
      static_cast<unsigned long long>(rare[2])
  );
}
