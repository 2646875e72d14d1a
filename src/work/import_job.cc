#include "work/import_job.h"

#include <algorithm>

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kBatchRows = 1'000;
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;
constexpr std::size_t kSyncBytes = std::size_t{64} << 20;
constexpr auto kSyncEvery = std::chrono::seconds(1);

class Import {
 public:
  Import(
      index::Engine& engine,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock,
      jobs::JobHandle& job,
      RowSource& source,
      const BodyMeasure& measure,
      const jobs::Tally& left
  )
      : engine_(engine),
        clock_(clock),
        job_(job),
        source_(source),
        measure_(measure),
        started_at_(job.snapshot().started_at),
        counts_(metrics.index(job.index())),
        tally_(left),
        synced_at_(clock.steady_now()) {}

  Result<void> run(std::uint32_t dimension) {
    RowBuffer rows(dimension);
    const std::size_t row_bytes = std::size_t{dimension} * sizeof(float) + 64;
    const std::size_t batch_rows = std::clamp<std::size_t>(kBatchBytes / row_bytes, 1, kBatchRows);
    MLG_TRY_VOID(pass_over(rows, batch_rows));
    job_.set_phase("reading");
    for (;;) {
      if (job_.cancelled()) return cancelled();
      rows.clear();
      const auto more = source_.next(rows, batch_rows, [this](std::uint64_t row, std::string why) {
        refused_.push_back({row, std::move(why)});
      });
      if (more && !*more) break;
      read_ += rows.rows();
      tell_total();
      MLG_TRY_VOID(check(rows));
      MLG_TRY_VOID(apply(rows));
      tell_bytes();
      // Rows before the place where a file breaks are applied, however its bytes came.
      if (!more) return tl::unexpected(more.error());
      MLG_TRY_VOID(sync_if_due());
    }
    if (read_ == 0 && tally_.failed > 0)
      return fail(
          ErrorCode::kBadRequest,
          "no row could be read, all {} were refused; {}",
          tally_.failed,
          tally_.errors.front().message
      );
    job_.set_phase("syncing");
    return {};
  }

 private:
  static tl::unexpected<base::Error> cancelled() {
    return fail(ErrorCode::kCancelled, "the import was cancelled");
  }

  /// What was handled before a restart: as many rows, good and bad, as the tally counts.
  Result<void> pass_over(RowBuffer& rows, std::size_t batch_rows) {
    if (tally_.processed > 0) job_.set_phase("resuming");
    for (std::uint64_t passed = 0; passed < tally_.processed;) {
      if (job_.cancelled()) return cancelled();
      rows.clear();
      std::uint64_t bad = 0;
      const auto left = std::min<std::uint64_t>(batch_rows, tally_.processed - passed);
      MLG_TRY(more, source_.next(rows, left, [&](std::uint64_t, const std::string&) { ++bad; }));
      passed += rows.rows() + bad;
      read_ += rows.rows();
      tell_total();
      if (!more)
        return fail(
            ErrorCode::kBadRequest,
            "the file ends after {} rows, {} of it had been read before the restart",
            passed,
            tally_.processed
        );
    }
    return {};
  }

  void tell_total() {
    if (!total_told_ && source_.total()) job_.set_total(*source_.total());
    total_told_ = source_.total().has_value();
  }

  /// A file that does not say how many rows it has is measured by its bytes.
  void tell_bytes() {
    if (total_told_ || !source_.is_measured_by_bytes() || measure_.length.value_or(0) == 0) return;
    job_.set_work(measure_.read ? measure_.read() : source_.bytes_read(), *measure_.length);
  }

  /// Rows that the engine does not take join those that could not be read. The batch is checked as
  /// a whole; only if it does not pass is each row looked at.
  Result<void> check(RowBuffer& rows) {
    if (rows.rows() == 0 || engine_.check_rows(job_.index(), rows.view())) return {};
    for (std::size_t i = rows.rows(); i > 0; --i) {
      auto checked = engine_.check_rows(job_.index(), rows.view_of(i - 1));
      if (checked) continue;
      if (checked.error().code == ErrorCode::kNotFound) return checked;
      refused_.push_back({rows.row_number(i - 1), in_row(checked.error())});
      rows.drop(i - 1);
    }
    return {};
  }

  /// The engine names members of a request of one row; of a file's row they are its own.
  static std::string in_row(const base::Error& error) {
    constexpr std::string_view kOfRequest = "vectors[0].";
    const auto at = error.message.find(kOfRequest);
    if (at == std::string::npos) return error.message;
    return std::string(error.message).erase(at, kOfRequest.size());
  }

  /// Writes the batch, and what the import amounts to with it, at once: the job says no more and no
  /// less than what stays.
  Result<void> apply(RowBuffer& rows) {
    if (rows.rows() == 0 && refused_.empty()) return {};
    if (rows.rows() > 0) job_.set_phase("writing");
    jobs::Tally now = tally_;
    now.processed += rows.rows();
    for (const auto& [row, why] : in_order_of_the_file(refused_)) now.refuse(row, why);
    const auto n = static_cast<std::int64_t>(rows.rows());
    counts_->ingest_pending.fetch_add(n, std::memory_order_relaxed);
    const auto notes = jobs::notes_of(job_.id(), started_at_, tally_, now);
    const auto written = engine_.upsert_unsynced(job_.index(), rows.view(), notes);
    counts_->ingest_pending.fetch_sub(n, std::memory_order_relaxed);
    if (!written) return tl::unexpected(written.error());
    job_.set_tally(now);
    tally_ = std::move(now);
    count(rows);
    refused_.clear();
    return {};
  }

  /// Whoever refused them.
  static std::vector<model::RowError>& in_order_of_the_file(std::vector<model::RowError>& refused) {
    std::sort(refused.begin(), refused.end(), [](const auto& a, const auto& b) {
      return a.row < b.row;
    });
    return refused;
  }

  void count(const RowBuffer& rows) {
    const auto now = clock_.steady_now();
    counts_->ingested.add(now, rows.rows());
    counts_->ingested_bytes.add(now, rows.bytes());
    counts_->ingested_total.fetch_add(rows.rows(), std::memory_order_relaxed);
    counts_->ingest_failed.fetch_add(refused_.size(), std::memory_order_relaxed);
    unsynced_ += rows.bytes();
  }

  Result<void> sync_if_due() {
    const auto now = clock_.steady_now();
    if (unsynced_ < kSyncBytes && now - synced_at_ < kSyncEvery) return {};
    unsynced_ = 0;
    synced_at_ = now;
    return engine_.sync();
  }

  index::Engine& engine_;
  const base::Clock& clock_;
  jobs::JobHandle& job_;
  RowSource& source_;
  const BodyMeasure measure_;
  const base::Timestamp started_at_;
  const std::shared_ptr<metrics::IndexMetrics> counts_;
  std::vector<model::RowError> refused_;  ///< of this batch
  std::uint64_t read_ = 0;                ///< rows that the file had, refused by the engine or not
  jobs::Tally tally_;
  bool total_told_ = false;
  std::size_t unsynced_ = 0;
  base::SteadyTime synced_at_;
};

}  // namespace

Result<void> run_import(
    index::Engine& engine,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    jobs::JobHandle& job,
    RowSource& source,
    const BodyMeasure& measure,
    const jobs::Tally& left
) {
  MLG_TRY(dimension, engine.dimension(job.index()));
  auto outcome = Import(engine, metrics, clock, job, source, measure, left).run(dimension);
  // What was applied stays and is durable, however the import ended.
  auto synced = engine.sync();
  return outcome ? synced : outcome;
}

}  // namespace mlgraph::work
