#pragma once
// Imports of files of the import folder: background jobs that a restart does not end.
#include <optional>
#include <string>
#include <string_view>

#include "work/import_file.h"
#include "work/import_job.h"

namespace mlgraph::work {

/// Where imports read and write. Everything outlives the jobs.
struct ImportPlaces {
  index::Engine& engine;
  metrics::ServerMetrics& metrics;
  const base::Clock& clock;
  std::string import_dir;
  std::string spool_dir;
};

/// What is asked for; `options.spool_dir` is filled in.
struct FileImport {
  std::string index;
  std::string job_id;  ///< empty: made
  std::string source;  ///< below the import folder
  RowOptions options;
};

/// Opens the file and begins its job. errors  kInvalidValue naming source or option, kNotFound,
/// kReadonly, kRecovering, those of jobs::Runner::start.
[[nodiscard]] base::Result<model::Job> start_file_import(
    const ImportPlaces& places, jobs::Runner& runner, FileImport import
);

/// For jobs::Runner::recover(): goes on with an import of a file that is still there as it was, by
/// size and time of its last change; nullopt for all other jobs.
[[nodiscard]] std::optional<jobs::Rest> go_on_with_file_import(
    const ImportPlaces& places, const model::Job& left, std::string_view private_json
);

}  // namespace mlgraph::work
