#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace mlgraph::model {

enum class JobState : std::uint8_t { kQueued, kRunning, kCompleted, kFailed };
[[nodiscard]] std::string_view name_of(JobState state);
[[nodiscard]] std::optional<JobState> parse_job_state(std::string_view name);

/// What went wrong with one row of an import.
struct RowError {
  std::uint64_t row = 0;  ///< from 0, in the order of the file
  std::string message;
  bool operator==(const RowError&) const = default;
};

/// The job object of PROTOCOL §4. Numbers not known yet are null on the wire, never invented.
struct Job {
  static constexpr std::size_t kErrorsKept = 10;
  std::string job_id;              ///< "<type>-<10 characters>"
  std::string job_type;            ///< import, train, merge, compact, export, snapshot
  std::optional<double> progress;  ///< 0..1, never falls; null while the work is unknown
  std::uint64_t processed = 0;     ///< rows (or bytes, when the file does not say its rows)
  std::optional<std::uint64_t> total;
  double rate = 0;                    ///< processed a second, moving average
  std::optional<double> eta_seconds;  ///< null while rate is 0
  std::string index;                  ///< empty: about no index
  std::string phase;
  JobState state = JobState::kQueued;
  std::uint64_t failed = 0;      ///< rows refused
  std::vector<RowError> errors;  ///< the first kErrorsKept of them
  base::Timestamp started_at;
  std::optional<base::Timestamp> finished_at;
  std::string error_code;  ///< empty: none
  std::string error_message;
  bool operator==(const Job&) const = default;

  [[nodiscard]] bool ended() const {
    return state == JobState::kCompleted || state == JobState::kFailed;
  }
};

void write(base::JsonWriter& out, const Job& job);
[[nodiscard]] base::Result<Job> parse_job(const base::Json& object);

}  // namespace mlgraph::model
