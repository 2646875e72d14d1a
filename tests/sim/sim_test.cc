// Nothing is missed: committer, hub, sessions and their sockets under chance, judged against a
// naive reading of the protocol. MLG_SEED=n replays one run and prints it; MLG_SEEDS=n sets how
// many.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/log.h"
#include "sim/world.h"

namespace mlgraph::sim {
namespace {

constexpr std::size_t kSteps = 900;
constexpr std::size_t kShownLines = 60;
constexpr std::uint64_t kSeeds = 2'000;
constexpr std::uint64_t kSeedsForEveryPath = 1'000;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

/// What the transcripts of enough runs must speak of: a path that chance no longer walks is not
/// tested any more.
std::vector<std::string_view> paths_to_walk() {
  return {
      "the log is read from",
      " goes back from ",
      "hears another part",
      "cursor_expired",
      "its cursor is past retention",
      "no byte taken in time",
      "answers pile up",
      "closed with 4001 token revoked",
      "closed with 4009",
      "closed with 4101",
      "closed with 4103",
      "closed with 4104",
      "closed with 4201",
      "auth_expiring",
      "too_many_channels",
      "invalid_channel",
      "rate_limited",
      "the disk is full, says the test",
      "an event does not apply",
      "the server crashes",
      "the server has stopped",
  };
}

class Sim : public ::testing::Test {
 protected:
  void SetUp() override { base::set_log_level(base::LogLevel::kNone); }
};

TEST_F(Sim, NothingIsMissed) {
  const auto one = from_environment("MLG_SEED", 0);
  const auto last = one != 0 ? one : from_environment("MLG_SEEDS", kSeeds);
  auto paths = paths_to_walk();
  for (auto seed = one != 0 ? one : 1; seed <= last; ++seed) {
    World world(seed);
    world.run(kSteps);
    const auto& transcript = world.transcript();
    if (one != 0) fmt::print("{}\n", transcript.text());
    ASSERT_FALSE(transcript.broken())
        << "MLG_SEED=" << seed << ": " << transcript.violation() << "\nthe last steps:\n"
        << transcript.last_lines(kShownLines);
    std::erase_if(paths, [&](std::string_view path) {
      return transcript.text().find(path) != std::string::npos;
    });
  }
  if (one != 0 || last < kSeedsForEveryPath) return;
  for (const auto path : paths) ADD_FAILURE() << "in " << last << " seeds never: " << path;
}

TEST_F(Sim, ASeedDeterminesItsRun) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World first(seed);
    first.run(kSteps);
    World second(seed);
    second.run(kSteps);
    ASSERT_EQ(first.transcript().text(), second.transcript().text()) << "MLG_SEED=" << seed;
  }
}

}  // namespace
}  // namespace mlgraph::sim
