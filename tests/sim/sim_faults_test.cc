// Deliberate faults are caught: each of them, put around the real code, makes the simulator report
// a violation within a few seeds. So a run without one says something.
#include <gtest/gtest.h>

#include "base/log.h"
#include "sim/world.h"

namespace mlgraph::sim {
namespace {

constexpr std::size_t kFaultySteps = 600;
constexpr std::uint64_t kSeedsMax = 200;

struct FaultCase {
  Fault fault;
  const char* name;
};
void PrintTo(const FaultCase& given, std::ostream* out) { *out << given.name; }

class SimFaults : public ::testing::TestWithParam<FaultCase> {};

TEST_P(SimFaults, IsCaught) {
  base::set_log_level(base::LogLevel::kNone);
  for (std::uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    World world(seed, GetParam().fault);
    world.run(kFaultySteps);
    if (!world.transcript().broken()) continue;
    fmt::print("{}: seed {}: {}\n", GetParam().name, seed, world.transcript().violation());
    return;
  }
  FAIL() << GetParam().name << " was not noticed in " << kSeedsMax << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    All,
    SimFaults,
    ::testing::Values(
        FaultCase{Fault::kBatchDropped, "BatchDropped"},
        FaultCase{Fault::kBatchTwice, "BatchTwice"},
        FaultCase{Fault::kEventsSwapped, "EventsSwapped"},
        FaultCase{Fault::kReadLeavesOut, "ReadLeavesOut"},
        FaultCase{Fault::kReadStale, "ReadStale"},
        FaultCase{Fault::kReadShortAtJoin, "ReadShortAtJoin"},
        FaultCase{Fault::kPassesTooMuch, "PassesTooMuch"},
        FaultCase{Fault::kOldestTooLow, "OldestTooLow"},
        FaultCase{Fault::kOldestTooHigh, "OldestTooHigh"},
        FaultCase{Fault::kStepLost, "StepLost"},
        FaultCase{Fault::kBufferLost, "BufferLost"},
        FaultCase{Fault::kSinceTooHigh, "SinceTooHigh"},
        FaultCase{Fault::kUnsubscribeLost, "UnsubscribeLost"},
        FaultCase{Fault::kScopesKept, "ScopesKept"},
        FaultCase{Fault::kRevocationLost, "RevocationLost"},
        FaultCase{Fault::kStateOvertakes, "StateOvertakes"},
        FaultCase{Fault::kMetricStale, "MetricStale"},
        FaultCase{Fault::kAnswerTwice, "AnswerTwice"},
        FaultCase{Fault::kAppendForgotten, "AppendForgotten"}
    ),
    [](const auto& made) { return std::string(made.param.name); }
);

}  // namespace
}  // namespace mlgraph::sim
