// Small durable commits through the committer, and the floor under them: RocksDB writing records of
// the same size in synced batches of 64, and one by one, nothing else.
//   commit_bench FOLDER [SECONDS]     prints
//   {"in_flight_256":…,"in_flight_1":…,"bare_batches_of_64":…,"bare_one_by_one":…}
// Each commit is a job.progress event: decided, encoded, folded, written with its state, published.
// FOLDER must be on the disk to be measured; it is emptied. The log is read back before the numbers
// are printed.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <latch>

#include <rocksdb/db.h>

#include "base/json.h"
#include "load_client.h"
#include "store/committer.h"
#include "store/log.h"

namespace {

using namespace mlgraph;

model::Draft progress(std::uint64_t n) {
  model::Job job;
  job.job_id = "import-abc123";
  job.job_type = "import";
  job.index = "production-vectors";
  job.phase = "writing";
  job.state = model::JobState::kRunning;
  job.processed = n;
  job.total = 1'000'000'000;
  job.progress = static_cast<double>(n) / 1e9;
  job.rate = 15'000;
  job.eta_seconds = 37;
  job.started_at = {1'734'863'400'123};
  model::Draft draft{model::EventKind::kJobProgress, job.job_id, job.index, {}, {}};
  base::JsonWriter out(draft.data_json);
  write(out, job);
  return draft;
}

std::unique_ptr<store::Log> fresh_log(const std::string& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  auto log = store::Log::open(folder, {});
  if (!log) bench::die(log.error().message);
  return std::move(*log);
}

/// What was acknowledged is there, in order.
void check(const store::Log& log, std::uint64_t commits) {
  std::uint64_t seq = 0;
  for (;;) {
    auto entries = log.read(seq + 1, std::size_t{1} << 20);
    if (!entries) bench::die(entries.error().message);
    if (entries->empty()) break;
    for (const auto& entry : *entries)
      if (entry->seq != ++seq) bench::die("the log has a hole");
  }
  if (seq != commits) bench::die("the log does not hold what was acknowledged");
}

/// Commits a second with `in_flight` of them under way at any time: each answer submits the next.
double committed(const std::string& folder, std::size_t in_flight, double seconds) {
  const auto log = fresh_log(folder);
  const base::SystemClock clock;
  std::atomic<std::uint64_t> commits{0};
  std::latch ended(static_cast<std::ptrdiff_t>(in_flight));
  double took = 0;
  {
    store::Committer committer(*log, clock, {});
    const auto begin = std::chrono::steady_clock::now();
    std::function<void()> next = [&] {
      committer.submit(
          [&](store::Decision& decision) -> base::Result<void> {
            decision.log(progress(decision.state().seq()));
            return {};
          },
          [&](base::Result<std::uint64_t> seq) {
            if (!seq) bench::die(seq.error().message);
            commits.fetch_add(1, std::memory_order_relaxed);
            bench::seconds_since(begin) < seconds ? next() : ended.count_down();
          }
      );
    };
    for (std::size_t i = 0; i < in_flight; ++i) next();
    ended.wait();
    took = bench::seconds_since(begin);
  }
  check(*log, commits);
  return static_cast<double>(commits) / took;
}

double bare(const std::string& folder, std::size_t record_bytes, int batch_of, double seconds) {
  std::filesystem::remove_all(folder);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::Open(options, folder, &raw).ok()) bench::die("rocksdb does not open");
  const std::unique_ptr<rocksdb::DB> db(raw);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const std::string record(record_bytes, 'x');
  std::uint64_t records = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (bench::seconds_since(begin) < seconds) {
    rocksdb::WriteBatch batch;
    for (int i = 0; i < batch_of; ++i) batch.Put(fmt::format("{:016}", records++), record);
    if (!db->Write(synced, &batch).ok()) bench::die("rocksdb does not write");
  }
  return static_cast<double>(records) / bench::seconds_since(begin);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) bench::die("usage: commit_bench FOLDER [SECONDS]");
  const std::string folder = argv[1];
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 3;
  const double many = committed(folder, 256, seconds);
  const double one = committed(folder, 1, seconds);
  const std::size_t record_bytes = progress(0).data_json.size() + 128;
  const double batches = bare(folder, record_bytes, 64, seconds);
  const double one_by_one = bare(folder, record_bytes, 1, seconds);
  std::filesystem::remove_all(folder);
  std::printf(
      "{\"in_flight_256\":%.0f,\"in_flight_1\":%.0f,\"bare_batches_of_64\":%.0f,"
      "\"bare_one_by_one\":%.0f}\n",
      many,
      one,
      batches,
      one_by_one
  );
}
