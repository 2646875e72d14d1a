#include "jobs/tally.h"

#include <algorithm>

#include "base/json.h"

namespace mlgraph::jobs {
namespace {

// Apart from the counts, which change with every batch: errors are longer and soon complete.
std::string errors_key(const std::string& job_id) { return job_id + ":errors"; }

std::string counts_text(base::Timestamp started_at, const Tally& tally) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("started_at", started_at.ms);
    out.member("processed", tally.processed);
    out.member("failed", tally.failed);
  });
  return text;
}

std::string errors_text(base::Timestamp started_at, const Tally& tally) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("started_at", started_at.ms);
    out.key("errors");
    out.array([&] {
      for (const auto& error : tally.errors)
        out.object([&] {
          out.member("row", error.row);
          out.member("message", error.message);
        });
    });
  });
  return text;
}

/// The note's object, if it is one of this job.
std::optional<base::Json> object_of(const store::Note& note, const model::Job& job) {
  auto json = base::parse_json(note.text);
  const auto* started_at = json ? json->find("started_at") : nullptr;
  if (!started_at || started_at->as_int() != job.started_at.ms) return std::nullopt;
  return std::move(*json);
}

std::uint64_t natural(const base::Json& object, const char* name) {
  const auto* value = object.find(name);
  return value ? value->as_uint().value_or(0) : 0;
}

std::vector<model::RowError> errors_of(const base::Json& object) {
  std::vector<model::RowError> errors;
  const auto* list = object.find("errors");
  if (!list || !list->as_array()) return errors;
  for (const auto& error : *list->as_array())
    if (const auto* message = error.find("message"); message && message->as_string())
      errors.push_back({natural(error, "row"), *message->as_string()});
  return errors;
}

}  // namespace

void Tally::refuse(std::uint64_t row, std::string_view why) {
  ++processed;
  ++failed;
  if (errors.size() < model::Job::kErrorsKept)
    errors.push_back({row, fmt::format("row {}: {}", row, why)});
}

std::vector<store::Note> notes_of(
    const std::string& job_id, base::Timestamp started_at, const Tally& before, const Tally& now
) {
  std::vector<store::Note> notes;
  notes.push_back({job_id, counts_text(started_at, now)});
  if (now.errors.size() > before.errors.size())
    notes.push_back({errors_key(job_id), errors_text(started_at, now)});
  return notes;
}

model::Job as_it_was_left(model::Job job, std::span<const store::Note> notes) {
  job.processed = 0;
  job.failed = 0;
  job.errors.clear();
  for (const auto& note : notes) {
    const bool counts = note.key == job.job_id;
    if (!counts && note.key != errors_key(job.job_id)) continue;
    const auto object = object_of(note, job);
    if (!object) continue;
    if (counts) {
      job.processed = natural(*object, "processed");
      job.failed = natural(*object, "failed");
    } else {
      job.errors = errors_of(*object);
    }
  }
  if (job.total && *job.total > 0) {
    const double done = static_cast<double>(job.processed) / static_cast<double>(*job.total);
    job.progress = std::max(job.progress.value_or(0), std::min(1.0, done));
  }
  return job;
}

bool is_note_of(const store::Note& note, std::string_view job_id) {
  return std::string_view(note.key).starts_with(job_id) &&
         (note.key.size() == job_id.size() || note.key[job_id.size()] == ':');
}

void erase_notes(store::RowBatch& batch, const std::string& job_id) {
  batch.erase_note(job_id);
  batch.erase_note(errors_key(job_id));
}

}  // namespace mlgraph::jobs
