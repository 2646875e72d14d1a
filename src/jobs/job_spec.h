#pragma once
// What a job is made of, and what its work sees of it.
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "jobs/tally.h"
#include "model/job.h"
#include "store/committer.h"

namespace mlgraph::jobs {

/// One running job: what its work reports and asks.
/// Threads   shared; reports are cheap (a mutex and arithmetic), the event goes out at most 4 times
/// a second. Invariant progress never falls; the last job.progress before job.completed has
/// progress 1.
class JobHandle {
 public:
  virtual ~JobHandle() = default;
  [[nodiscard]] virtual const std::string& id() const = 0;
  [[nodiscard]] virtual const std::string& index() const = 0;
  virtual void set_phase(std::string phase) = 0;
  /// Work known so far; nullopt while it is unknown. Growing work never makes progress fall.
  virtual void set_total(std::optional<std::uint64_t> total) = 0;
  virtual void add_processed(std::uint64_t n) = 0;
  /// Work whose measure is not what it processes: `done` of `known` bytes of a body. Progress and
  /// the time left follow it while no total is set.
  virtual void set_work(std::uint64_t done, std::uint64_t known) = 0;
  /// Instead of add_processed(), for rows of which some may be refused: all so far.
  virtual void set_tally(const Tally& tally) = 0;
  [[nodiscard]] virtual bool cancelled(
  ) const = 0;  ///< to be asked often; the work returns kCancelled then
  [[nodiscard]] virtual model::Job snapshot() const = 0;
};

/// The body of a job. Its error's code becomes error.code of job.failed ("cancelled",
/// "bad_request", …).
using Work = std::function<base::Result<void>(JobHandle& job)>;

/// Which threads a job runs on: no kind holds up another.
enum class Lane : std::uint8_t { kTrainings, kFileImports, kExports };

struct JobSpec {
  std::string job_type;  ///< "import", "train", …
  std::string index;     ///< must exist (unless empty): checked when job.started is decided
  std::string job_id;    ///< empty: made ("<type>-<10 chars>"); a given one that exists: kConflict
  std::optional<std::uint64_t> total;
  std::string phase = "starting";
  std::string private_json;  ///< kept in job.started's private part
  Lane lane = Lane::kTrainings;
  /// Decided in one command with job.started and before it: both are logged or neither is. It makes
  /// the job's index, which then need not exist.
  store::Command first = {};
  /// A stop or crash of the server does not end it: what the log says of it stays, and the next
  /// start asks Resume whether it goes on.
  bool goes_on = false;
};

}  // namespace mlgraph::jobs
