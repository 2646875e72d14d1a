#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/job.h"
#include "store/vector_store.h"

namespace mlgraph::jobs {

/// What an import has done that stays, whatever becomes of it. Its notes are written in one batch
/// with the rows they count, so that after a crash they say of how many rows the store knows; see
/// docs/design/0007.
struct Tally {
  std::uint64_t processed = 0;          ///< rows applied and refused
  std::uint64_t failed = 0;             ///< refused
  std::vector<model::RowError> errors;  ///< the first of them, as a job keeps them
  bool operator==(const Tally&) const = default;

  /// Counts a row that cannot be used; `why` names what is wrong inside of it.
  void refuse(std::uint64_t row, std::string_view why);
};

/// Jobs of this type keep one.
inline constexpr std::string_view kCountedType = "import";

/// The notes of a job whose tally was `before` and is `now`: its counts and, if there are new ones,
/// its errors. `started_at` tells the job from an earlier one of the same id.
[[nodiscard]] std::vector<store::Note> notes_of(
    const std::string& job_id, base::Timestamp started_at, const Tally& before, const Tally& now
);
/// The job as the store's notes say it was left; of one they don't know nothing is there. The last
/// report may be older than the last rows, or younger than what a power cut has left.
[[nodiscard]] model::Job as_it_was_left(model::Job job, std::span<const store::Note> notes);
/// Whether the note is of a job of this id.
[[nodiscard]] bool is_note_of(const store::Note& note, std::string_view job_id);
/// Erases the job's notes with the batch.
void erase_notes(store::RowBatch& batch, const std::string& job_id);

}  // namespace mlgraph::jobs
