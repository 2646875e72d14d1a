// kill -9 at random points: a child process (this program again) commits numbered entries, puts
// configuration and writes vector rows, and reports each acknowledgement through a pipe. After a
// seeded number of reports it is killed, the folder is opened here, and what was reported must be
// there, with nothing that the child did not write. MLG_CYCLES sets how many folders are tried.
#include <csignal>
#include <random>
#include <sys/wait.h>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <unistd.h>

#include "store/seed.h"
#include "store/store_fixture.h"
#include "store/vector_store.h"

namespace mlgraph::store {
namespace {

using testing::TempDir;

constexpr const char* kFolder = "MLG_KILL_FOLDER";  // set in the child: where it writes
constexpr int kPipe = 9;                            // where the child reports
constexpr std::size_t kInFlight = 256;
constexpr std::uint64_t kRowsABatch = 3;

/// One acknowledgement, small enough for a pipe to take whole.
struct Report {
  std::uint64_t what = 0;  // 'e': entry, 'c': configuration, 'v': batch of vector rows
  std::uint64_t number = 0;
};

std::vector<float> values_of(std::uint64_t row) { return {static_cast<float>(row), 1.5F, -2.0F}; }

void tell(char what, std::uint64_t number) {
  const Report report{static_cast<std::uint64_t>(what), number};
  MLG_CHECK(write(kPipe, &report, sizeof report) == sizeof report);
}

[[noreturn]] void commit_for_ever(const std::string& folder) {
  const base::SystemClock clock;
  auto log = Log::open(folder, {});
  MLG_CHECK(log.has_value());
  Committer committer(**log, clock, {});
  base::Mutex mutex;
  base::CondVar room;
  std::size_t in_flight = 0;
  for (auto n = (*log)->tail() + 1;; ++n) {
    {
      base::MutexLock lock(mutex);
      while (in_flight == kInFlight) room.wait(mutex);
      ++in_flight;
    }
    auto job = testing::a_job("job-" + std::to_string(n % 7));
    job.processed = n;
    const bool ends = n % 5 == 0;
    if (ends) job.state = model::JobState::kCompleted;
    const auto kind = ends ? model::EventKind::kJobCompleted : model::EventKind::kJobProgress;
    committer.submit(testing::Store::logging({testing::job_event(kind, job)}), [&, n](auto seq) {
      MLG_CHECK(seq.has_value() && *seq == n);
      tell('e', n);
      base::MutexLock lock(mutex);
      --in_flight;
      room.notify_one();
    });
    if (n % 16 == 0) {
      const auto revision = (*log)->config_get("k")->revision;
      MLG_CHECK((*log)->config_put("k", std::to_string(revision + 1), revision).has_value());
      tell('c', revision + 1);
    }
  }
}

[[noreturn]] void write_vectors_for_ever(const std::string& folder) {
  auto store = VectorStore::open(folder);
  MLG_CHECK(store.has_value());
  std::uint64_t row = 0;
  MLG_CHECK((*store)->scan(1, 0, 0, [&](std::uint64_t, const RowView&) { return ++row, true; }));
  for (;;) {
    auto batch = (*store)->make_batch();
    for (std::uint64_t i = 0; i < kRowsABatch; ++i, ++row)
      batch->put({1, 0, row}, {std::to_string(row), values_of(row), "{}"});
    batch->put(Note{"rows", std::to_string(row)});
    MLG_CHECK((*store)->write(*batch, true));
    tell('v', row);
  }
}

/// The child's life, when this program was started as one.
TEST(KillChild, WritesUntilItIsKilled) {
  const char* folder = std::getenv(kFolder);
  if (!folder) GTEST_SKIP() << "the other half of Kill.*";
  std::thread vectors([&] { write_vectors_for_ever(folder); });
  commit_for_ever(folder);
}

/// What the child acknowledged until it died.
struct Acknowledged {
  std::uint64_t entries = 0;
  std::uint64_t revision = 0;
  std::uint64_t rows = 0;
};

/// Starts the child on `folder` and kills it after `reports` reports.
void run_and_kill(const std::string& folder, std::uint64_t reports, Acknowledged& acknowledged) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], kPipe);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = "kill-child";
  std::string filter = "--gtest_filter=KillChild.*";
  std::string where = std::string(kFolder) + "=" + folder;
  char* const arguments[] = {program.data(), filter.data(), nullptr};
  std::vector<char*> environment{where.data()};
  for (char** variable = environ; *variable; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  pid_t child = 0;
  ASSERT_EQ(
      posix_spawn(&child, "/proc/self/exe", &files, nullptr, arguments, environment.data()), 0
  );
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);

  std::uint64_t counted = 0;
  bool killed = false;
  // Reports are written whole and all of one size, so that reads end between two of them.
  Report some[64];
  for (ssize_t size; (size = read(ends[0], some, sizeof some)) > 0;) {
    ASSERT_EQ(static_cast<std::size_t>(size) % sizeof(Report), 0u);
    for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof(Report); ++i) {
      auto& slot = some[i].what == 'e'   ? acknowledged.entries
                   : some[i].what == 'c' ? acknowledged.revision
                                         : acknowledged.rows;
      slot = std::max(slot, some[i].number);
    }
    counted += static_cast<std::size_t>(size) / sizeof(Report);
    if (counted >= reports && !killed) {
      kill(child, SIGKILL);
      killed = true;
    }
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(killed && WIFSIGNALED(status)) << "the child ended by itself";
}

/// `acknowledged` becomes what was found: that must not be lost in the next life either.
void expect_all(const std::string& folder, Acknowledged& acknowledged) {
  const auto log = Log::open(folder, {});
  ASSERT_TRUE(log) << log.error().message;
  testing::expect_sound(**log);
  const auto entries = testing::read_all(**log, 1 << 20);
  ASSERT_GE(entries.size(), acknowledged.entries);
  ASSERT_LE(entries.size(), acknowledged.entries + kInFlight) << "more than was in flight";
  for (const auto& entry : entries)
    ASSERT_THAT(
        entry->public_json, ::testing::HasSubstr(fmt::format("\"processed\":{},", entry->seq))
    );
  const auto config = (*log)->config_get("k");
  ASSERT_TRUE(config);
  ASSERT_GE(config->revision, acknowledged.revision);
  ASSERT_LE(config->revision, acknowledged.revision + 1);
  if (config->revision > 0) {
    ASSERT_EQ(config->value, std::to_string(config->revision));
  }

  const auto store = VectorStore::open(folder);
  ASSERT_TRUE(store) << store.error().message;
  std::uint64_t rows = 0;
  ASSERT_TRUE((*store)->scan(1, 0, 0, [&](std::uint64_t row, const RowView& view) {
    EXPECT_EQ(row, rows);
    EXPECT_EQ(view.id, std::to_string(row));
    EXPECT_TRUE(std::ranges::equal(view.values, values_of(row)));
    ++rows;
    return !::testing::Test::HasFailure();
  }));
  ASSERT_GE(rows, acknowledged.rows);
  ASSERT_LE(rows, acknowledged.rows + kRowsABatch);
  ASSERT_EQ(rows % kRowsABatch, 0u) << "half a batch";
  const auto notes = (*store)->notes();
  ASSERT_TRUE(notes);
  ASSERT_EQ(notes->empty() ? "0" : notes->front().text, std::to_string(rows));
  acknowledged = {entries.size(), config->revision, rows};
}

TEST(Kill, NothingAcknowledgedIsLostNothingInvented) {
  auto seed = testing::seed();
  for (int cycle = testing::cycles(20); cycle > 0; --cycle, ++seed) {
    SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
    std::mt19937_64 random(seed);
    const TempDir dir;
    Acknowledged acknowledged;
    for (int life = 0; life < 2; ++life) {
      ASSERT_NO_FATAL_FAILURE(run_and_kill(dir.path(), 1 + random() % 3'000, acknowledged));
      ASSERT_NO_FATAL_FAILURE(expect_all(dir.path(), acknowledged));
    }
  }
}

}  // namespace
}  // namespace mlgraph::store
