#pragma once
// What everything in a simulated world stands on, and outlives each start of the server.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/faults.h"
#include "sim/history.h"
#include "sim/random.h"
#include "sim/rules.h"
#include "sim/sim_log.h"
#include "sim/transcript.h"
#include "support/manual_clock.h"

namespace mlgraph::sim {

/// A token as whoever made it knows it.
struct Token {
  std::string name;
  std::string secret;
  std::vector<std::string> scopes;
  std::optional<base::Timestamp> expires_at;
  bool revoked = false;
};

/// A metrics.* sample: numbered, so that a later one can be told from an earlier one.
struct Sample {
  EventKind kind = EventKind::kMetricsSystem;
  std::string entity;
  std::uint64_t number = 0;
  [[nodiscard]] std::string index() const {
    return kind == EventKind::kMetricsSystem ? std::string() : entity;
  }
};
/// The newest of each channel, by "metrics.search/docs".
using Samples = std::map<std::string, Sample>;

/// Small, so that every path is walked.
struct Bounds {
  std::size_t queue_bytes = 4'096;
  std::size_t ring_bytes = 6'000;
  std::size_t chunk_bytes = 2'000;
  std::size_t patterns = 64;
  std::chrono::seconds stall{30};
  std::uint32_t requests_per_second = 20;
  std::uint32_t request_burst = 60;
  bool large_alerts = false;  ///< some alerts of tens of kilobytes: states in several parts
};

/// The group of events that a fault drops or doubles on one loop.
struct StruckBatch {
  std::size_t loop = 0;
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

struct Ground {
  Ground(std::uint64_t seed, Fault fault)
      : random(seed),
        faults(fault),
        history(transcript),
        log(history, faults, random, transcript) {}

  [[nodiscard]] Token* token_by_secret(std::string_view secret) {
    for (Token& token : tokens)
      if (token.secret == secret) return &token;
    return nullptr;
  }
  [[nodiscard]] std::string id_of(std::uint64_t seq) const {
    return log.epoch() + "-" + std::to_string(seq);
  }

  Transcript transcript;
  Random random;
  Faults faults;
  testing::ManualClock clock;
  History history;
  SimLog log;
  std::vector<Token> tokens;
  std::optional<Token> changing;  ///< the one whose sessions are being told
  Samples samples;                ///< of this start of the server
  std::uint64_t sampled = 0;
  Bounds bounds;
  StruckBatch struck_batch;
};

inline constexpr const char* kAdminSecret = "mlg_admin_token_1";

}  // namespace mlgraph::sim
