#pragma once
// An index's rows as a file for whoever asked.
#include <memory>
#include <optional>
#include <string>

#include "index/filter.h"
#include "jobs/runner.h"
#include "store/vector_store.h"
#include "work/compression.h"
#include "work/result_files.h"

namespace mlgraph::work {

enum class ExportFormat : std::uint8_t { kJsonl, kNpy };

struct Export {
  std::string index;
  std::string job_id;  ///< empty: made
  ExportFormat format = ExportFormat::kJsonl;
  Compression compression = Compression::kNone;
  std::shared_ptr<const index::Filter> filter;  ///< null: every row
};

/// {format: "jsonl" | "npy", compression?: "none" | "gzip" | "zstd", filter?}. errors kInvalidValue
/// naming the member, those of index::parse_filter.
[[nodiscard]] base::Result<Export> parse_export(const base::Json& body);

/// What exports read and write. Everything outlives the jobs.
struct ExportPlaces {
  const store::VectorStore& vectors;
  const store::Committer& committer;
  ResultFiles& results;
};

/// Begins a job of type "export", which writes the rows as they stand when it begins to run, in
/// rising row order, shard after shard; what is written to the index meanwhile is not in it. JSON
/// lines are {id, values, metadata} and import to the same rows again; NPY is float32 [rows, dim],
/// without ids and metadata. Rows are counted first (phase "counting"), so that the total is known
/// and an NPY header true; then "writing", "syncing". A job that fails leaves no file.
/// errors  those of jobs::Runner::start.
[[nodiscard]] base::Result<model::Job> start_export(
    const ExportPlaces& places, jobs::Runner& runner, const Export& what
);

}  // namespace mlgraph::work
