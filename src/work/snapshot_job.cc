#include "work/snapshot_job.h"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "work/snapshot_writer.h"
#include "work/spool.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::uint64_t kTellRows = 1'024;

/// The job's file. Room on the disk is asked for as it is taken.
class FileSink final : public SnapshotSink {
 public:
  explicit FileSink(int fd) : fd_(fd) {}
  Result<void> append(std::string_view bytes) override {
    MLG_TRY_VOID(DiskRoom{}.check(fd_, bytes_, bytes.size()));
    bytes_ += bytes.size();
    return write_all(fd_, bytes);
  }
  Result<void> replace_start(std::string_view bytes) override {
    for (off_t at = 0; !bytes.empty();) {
      const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        return fail(ErrorCode::kInternal, "writing the job's file: {}", std::strerror(errno));
      at += n;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

 private:
  const int fd_;
  std::uint64_t bytes_ = 0;
};

/// An index at one id of the log.
struct Moment {
  std::shared_ptr<const model::IndexRecord> index;
  std::string id;
  base::Timestamp at;
  std::unique_ptr<store::VectorSnapshot> rows;
  std::uint64_t count = 0;
};

/// Between two writes, and on the committer between two events: the id is of the newest event, the
/// rows are all that were written and nothing else, and they have been counted as they are. So no
/// event up to the id tells of a row that is not there, and none behind it was decided without one
/// that is.
Result<Moment> take_moment(const SnapshotPlaces& places, const std::string& index) {
  Moment moment;
  const auto epoch = places.committer.tail().epoch;
  const store::Command take = [&](store::Decision& decision) -> Result<void> {
    moment.index = decision.state().index(index);
    if (!moment.index) return fail(ErrorCode::kNotFound, "there is no index '{}'", index);
    moment.id = model::format_cursor({epoch, decision.state().seq()});
    moment.at = decision.now();
    moment.rows = places.vectors.snapshot();
    return {};
  };
  const auto taken = places.engine.between_writes(index, [&]() -> Result<void> {
    MLG_TRY(seq, places.committer.commit(take));
    static_cast<void>(seq);
    MLG_TRY(stats, places.engine.stats(index));
    moment.count = stats.vectors;
    return {};
  });
  if (!taken) return tl::unexpected(taken.error());
  return moment;
}

Result<void> write_rows(const Moment& moment, jobs::JobHandle& job, SnapshotWriter& writer) {
  std::uint64_t untold = 0;
  Result<void> outcome;
  MLG_TRY_VOID(moment.rows->scan_index(
      moment.index->number,
      [&](const store::RowKey&, const store::RowView& row) {
        if (++untold == kTellRows) job.add_processed(std::exchange(untold, 0));
        outcome = job.cancelled()
                      ? Result<void>(fail(ErrorCode::kCancelled, "the snapshot was cancelled"))
                      : writer.add(row);
        return outcome.has_value();
      }
  ));
  job.add_processed(untold);
  return outcome;
}

Result<void> run_snapshot(const SnapshotPlaces& places, jobs::JobHandle& job) {
  MLG_TRY(file, places.results.create(job.id(), kSnapshotSuffix));
  MLG_TRY(moment, take_moment(places, job.index()));
  // The file has no row that a power cut takes from the server.
  MLG_TRY_VOID(places.engine.sync());
  job.set_total(moment.count);
  job.set_phase("writing");
  FileSink sink(file->fd());
  SnapshotWriter writer(sink, {moment.index->object, moment.id, moment.at, 0});
  MLG_TRY_VOID(write_rows(moment, job, writer));
  moment.rows.reset();  // what it held back from compaction goes while the disk is waited for
  job.set_phase("syncing");
  MLG_TRY_VOID(writer.finish());
  return file->keep();
}

}  // namespace

Result<model::Job> start_snapshot(
    const SnapshotPlaces& places,
    jobs::Runner& runner,
    const std::string& index,
    const std::string& job_id
) {
  jobs::JobSpec spec;
  spec.job_type = kSnapshotType;
  spec.index = index;
  spec.job_id = job_id;
  spec.lane = jobs::Lane::kExports;
  return runner.start(spec, [places](jobs::JobHandle& job) { return run_snapshot(places, job); });
}

}  // namespace mlgraph::work
