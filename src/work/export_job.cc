#include "work/export_job.h"

#include <array>
#include <charconv>
#include <functional>

#include "index/metadata_columns.h"
#include "model/names.h"
#include "work/compressing_writer.h"
#include "work/npy_header.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Result;

namespace {

constexpr std::size_t kRowsAWrite = 256;

/// So many digits that a reader of doubles, who narrows them, has the very float: the shortest that
/// tell floats apart nearly always do.
void append_float(std::string& out, float value) {
  std::array<char, 32> text{};
  char* const begin = text.data();
  char* end = std::to_chars(begin, begin + text.size(), value).ptr;
  double read = 0;
  std::from_chars(begin, end, read);
  if (static_cast<float>(read) != value)
    end = std::to_chars(begin, begin + text.size(), static_cast<double>(value)).ptr;
  out.append(begin, end);
  if (value == 0 && end - begin == 2) out += ".0";  // a whole number has no -0
}

void append_line(std::string& out, const store::RowView& row) {
  out += "{\"id\":";
  base::append_json_string(out, row.id);
  out += ",\"values\":[";
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (i > 0) out += ',';
    append_float(out, row.values[i]);
  }
  out += ']';
  if (!row.metadata.empty()) out.append(",\"metadata\":").append(row.metadata);
  out += "}\n";
}

/// Rows of a scan that a filter lets pass. It is asked in batches, of the columns that searches
/// ask: so it means the same.
class FilteredRows {
 public:
  using Visit = std::function<Result<void>(const store::RowView& row)>;
  FilteredRows(const index::Filter* filter, Visit visit)
      : filter_(filter), visit_(std::move(visit)) {}

  Result<void> take(const store::RowView& row) {
    if (!filter_) return visit_(row);
    held_.push_back(
        {std::string(row.id), {row.values.begin(), row.values.end()}, std::string(row.metadata)}
    );
    return held_.size() < kRowsAWrite ? Result<void>{} : flush();
  }
  Result<void> flush() {
    if (held_.empty()) return {};
    index::MetadataColumns columns;
    const auto rows = static_cast<std::uint32_t>(held_.size());
    for (std::uint32_t i = 0; i < rows; ++i)
      if (const auto metadata = base::parse_json(held_[i].metadata); metadata)
        columns.add(i, *metadata);
    const auto matching = columns.evaluate(*filter_, rows);
    for (std::uint32_t i = 0; i < rows; ++i)
      if (matching.test(i)) MLG_TRY_VOID(visit_({held_[i].id, held_[i].values, held_[i].metadata}));
    held_.clear();
    return {};
  }

 private:
  const index::Filter* const filter_;
  const Visit visit_;
  std::vector<store::StoredRow> held_;
};

class Exporting {
 public:
  Exporting(const ExportPlaces& places, const Export& what, jobs::JobHandle& job)
      : what_(what), job_(job), snapshot_(places.vectors.snapshot()) {}

  Result<void> run(const model::IndexRecord& index, int fd) {
    index_number_ = index.number;
    job_.set_phase("counting");
    std::uint64_t rows = 0;
    MLG_TRY_VOID(each_row([&](const store::RowView&) -> Result<void> {
      ++rows;
      return {};
    }));
    job_.set_total(rows);
    job_.set_phase("writing");
    const auto writer = make_compressing_writer(what_.compression, fd, {});
    const bool npy = what_.format == ExportFormat::kNpy;
    if (npy) MLG_TRY_VOID(writer->write(make_npy_header(rows, index.object.dimension)));
    std::string line;
    std::uint64_t untold = 0;
    MLG_TRY_VOID(each_row([&](const store::RowView& row) -> Result<void> {
      if (++untold == kRowsAWrite) job_.add_processed(std::exchange(untold, 0));
      if (npy)
        return writer->write(
            {reinterpret_cast<const char*>(row.values.data()), row.values.size_bytes()}
        );
      line.clear();
      append_line(line, row);
      return writer->write(line);
    }));
    job_.add_processed(untold);
    job_.set_phase("syncing");
    return writer->finish();
  }

 private:
  Result<void> each_row(const FilteredRows::Visit& visit) {
    FilteredRows rows(what_.filter.get(), visit);
    Result<void> outcome;
    MLG_TRY_VOID(snapshot_->scan_index(
        index_number_,
        [&](const store::RowKey&, const store::RowView& row) {
          if (job_.cancelled())
            outcome = fail(ErrorCode::kCancelled, "the export was cancelled");
          else
            outcome = rows.take(row);
          return outcome.has_value();
        }
    ));
    return outcome ? rows.flush() : outcome;
  }

  const Export& what_;
  jobs::JobHandle& job_;
  const std::unique_ptr<store::VectorSnapshot> snapshot_;
  std::uint32_t index_number_ = 0;
};

std::string suffix_of(const Export& what) {
  std::string suffix = what.format == ExportFormat::kNpy ? "npy" : "jsonl";
  if (what.compression == Compression::kGzip) suffix += ".gz";
  if (what.compression == Compression::kZstd) suffix += ".zst";
  return suffix;
}

Result<void> run_export(const ExportPlaces& places, const Export& what, jobs::JobHandle& job) {
  const auto index = places.committer.state()->index(what.index);
  if (!index) return fail(ErrorCode::kNotFound, "there is no index '{}'", what.index);
  MLG_TRY(file, places.results.create(job.id(), suffix_of(what)));
  MLG_TRY_VOID(Exporting(places, what, job).run(*index, file->fd()));
  return file->keep();
}

/// A member that is one of two or three names; absent: `otherwise`.
template <typename Choice, std::size_t kCount>
Result<Choice> choice_of(
    const base::Json& body,
    const char* member,
    const std::array<std::pair<std::string_view, Choice>, kCount>& names,
    std::optional<Choice> otherwise
) {
  const auto* value = body.find(member);
  if (!value && otherwise) return *otherwise;
  std::string known;
  for (const auto& [name, choice] : names) {
    if (value && value->as_string() && *value->as_string() == name) return choice;
    known.append(known.empty() ? "" : ", ").append(name);
  }
  return fail_at(member, ErrorCode::kInvalidValue, "{} must be one of {}", member, known);
}

}  // namespace

Result<Export> parse_export(const base::Json& body) {
  Export what;
  MLG_TRY(
      format,
      choice_of<ExportFormat>(
          body,
          "format",
          std::array{
              std::pair<std::string_view, ExportFormat>("jsonl", ExportFormat::kJsonl),
              std::pair<std::string_view, ExportFormat>("npy", ExportFormat::kNpy)},
          std::nullopt
      )
  );
  what.format = format;
  MLG_TRY(
      compression,
      choice_of<Compression>(
          body,
          "compression",
          std::array{
              std::pair<std::string_view, Compression>("none", Compression::kNone),
              std::pair<std::string_view, Compression>("gzip", Compression::kGzip),
              std::pair<std::string_view, Compression>("zstd", Compression::kZstd)},
          Compression::kNone
      )
  );
  what.compression = compression;
  if (const auto* filter = body.find("filter")) {
    MLG_TRY(parsed, index::parse_filter(*filter));
    what.filter = std::make_shared<const index::Filter>(std::move(parsed));
  }
  return what;
}

Result<model::Job> start_export(
    const ExportPlaces& places, jobs::Runner& runner, const Export& what
) {
  jobs::JobSpec spec;
  spec.job_type = "export";
  spec.index = what.index;
  spec.job_id = what.job_id;
  spec.lane = jobs::Lane::kExports;
  return runner.start(spec, [places, what](jobs::JobHandle& job) {
    return run_export(places, what, job);
  });
}

}  // namespace mlgraph::work
