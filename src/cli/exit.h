#pragma once
// Stable exit codes: scripts rely on them. --help, the man page and docs/cli.md show this table.
#include <array>

#include "base/error.h"
#include "base/json.h"

namespace mlgraph::cli {

enum Exit : int {
  kOk = 0,
  kRefused = 1,
  kUsage = 2,
  kUnreachable = 3,
  kNotAllowed = 4,
  kJobFailed = 5,
  kJobCancelled = 6,
  kTimeOver = 7,
  kWarnings = 8,
  kSignalled = 128,  ///< and the signal's number
};

struct ExitMeaning {
  const char* code;
  const char* meaning;
};
inline constexpr std::array kExitMeanings = {
    ExitMeaning{"0", "done; a job that was followed has completed"},
    ExitMeaning{
        "1", "the server refused, or output could not be written; doctor: something is wrong"},
    ExitMeaning{"2", "the command line cannot be meant, or a file of it cannot be read"},
    ExitMeaning{"3", "the server cannot be reached, or did not answer in time"},
    ExitMeaning{"4", "not allowed: no token, a bad one, or one without the scope"},
    ExitMeaning{"5", "the job that was followed has failed"},
    ExitMeaning{"6", "the job that was followed was cancelled"},
    ExitMeaning{"7", "watch: --for was over before --until or --job had its end"},
    ExitMeaning{"8", "doctor: only warnings"},
    ExitMeaning{"128+N", "watch --until, watch --job: ended by signal N before that"},
};

/// Of an error that ends a command.
[[nodiscard]] int exit_of(const base::Error& error);
/// Of a job that has ended.
[[nodiscard]] int exit_of_job(const base::Json& job);

}  // namespace mlgraph::cli
