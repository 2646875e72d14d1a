#include "index/part_builder.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <random>

#include "base/mutex.h"
#include "index/calibration.h"
#include "index/graph_builder.h"
#include "index/in_parallel.h"

namespace mlgraph::index {
namespace building {

using base::ErrorCode;
using base::fail;

tl::unexpected<base::Error> cancelled() {
  return fail(ErrorCode::kCancelled, "the training was cancelled");
}
tl::unexpected<base::Error> unreadable() {
  return fail(ErrorCode::kInternal, "rows of a sealed part could not be read from the disk");
}

std::vector<std::uint32_t> shuffled(std::size_t n, std::size_t chosen, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0U);
  for (std::size_t i = 0; i < std::min(chosen, n); ++i)
    std::swap(all[i], all[std::uniform_int_distribution<std::size_t>(i, n - 1)(random)]);
  return all;
}

void take_rows(SealedPart& part, const TrainingSet& set, const std::vector<std::uint32_t>& order) {
  part.dim = set.dim;
  part.metric = set.metric;
  part.shards = set.shards;
  part.rows_upto = set.rows_upto;
  part.rows.resize(order.size());
  if (set.shards.size() > 1) part.segment.resize(order.size());
  for (std::size_t at = 0; at < order.size(); ++at) {
    const auto& row = set.rows[order[at]];
    part.rows[at] = row.number;
    if (!part.segment.empty()) part.segment[at] = row.segment;
  }
  part.index_positions();
}

}  // namespace building

namespace {

using base::Result;
using building::cancelled;
using building::unreadable;

constexpr std::size_t kRowsAStep = 4'096;  ///< rows

class Builder {
 public:
  Builder(
      const TrainingSet& set,
      const BuildOptions& options,
      const std::string& path,
      const BuildProgress& progress
  )
      : set_(set), options_(options), path_(path), progress_(progress) {}

  Result<BuiltPart> build() {
    const bool graph = options_.kind == SealedPart::Kind::kGraph;
    GraphBuilder links(set_, options_, progress_);
    MLG_TRY(arranged, graph ? links.arrange() : building::arrange_lists(set_, options_, progress_));
    part_ = std::move(arranged.part);
    order_ = std::move(arranged.order);
    MLG_TRY_VOID(code());
    PartFile file(path_);
    MLG_TRY_VOID(write_values(file));
    const CalibrationOptions calibration{
        options_.threads, [this](double fraction) { return progress_("calibrating", fraction); }};
    if (graph) {
      auto& of = static_cast<GraphPart&>(*part_);
      MLG_TRY(rule, calibrate_graph(of, arranged.queries, calibration));
      of.probing = rule;
      MLG_TRY_VOID(links.link_the_rest(of));
    } else if (!options_.like) {
      MLG_TRY(rule, calibrate_lists(static_cast<IvfPart&>(*part_), arranged.queries, calibration));
      part_->probing = rule;
    }
    if (!progress_("syncing", 0)) return cancelled();
    MLG_TRY(checksum, file.finish(*part_));
    return BuiltPart{std::move(part_), std::move(checksum)};
  }

 private:
  /// Calls `take(begin, end, scratch)` for pieces of the rows by position; false: a row could not
  /// be read.
  template <typename Take>
  Result<void> each_piece(std::string_view phase, double from, double to, Take&& take) {
    std::atomic<std::size_t> done{0};
    std::atomic<bool> stop{false};
    std::atomic<bool> read{true};
    in_parallel(
        order_.size(),
        kRowsAStep,
        options_.threads,
        [&](std::size_t begin, std::size_t end) {
          if (stop || !read) return;
          std::vector<float> scratch(set_.dim);
          if (!take(begin, end, scratch.data())) read = false;
          const auto so_far = static_cast<double>(done += end - begin);
          if (!progress_(phase, from + (to - from) * so_far / static_cast<double>(order_.size())))
            stop = true;
        }
    );
    if (!read) return unreadable();
    if (stop) return cancelled();
    return {};
  }

  Result<void> code() {
    RangeFinder ranges(set_.dim);
    base::Mutex mutex;
    MLG_TRY_VOID(each_piece(
        "coding",
        0,
        0.5,
        [&](std::size_t begin, std::size_t end, float* scratch) {
          RangeFinder own(set_.dim);
          for (std::size_t at = begin; at < end; ++at) {
            const float* values = set_.values(order_[at], scratch);
            if (!values) return false;
            own.add(values);
          }
          base::MutexLock lock(mutex);
          ranges.merge(own);
          return true;
        }
    ));
    if (order_.empty() || !ranges.is_codable()) return {};
    auto& codes = part_->codes.emplace();
    codes.quantizer = ranges.quantizer();
    const std::size_t stride = codes.quantizer.stride();
    codes.bytes.resize(order_.size() * stride);
    const bool l2 = set_.metric == model::Metric::kL2;
    if (l2) codes.norms.resize(order_.size());
    return each_piece("coding", 0.5, 1, [&](std::size_t begin, std::size_t end, float* scratch) {
      for (std::size_t at = begin; at < end; ++at) {
        const float* values = set_.values(order_[at], scratch);
        if (!values) return false;
        const float norm = codes.quantizer.encode(values, codes.bytes.data() + at * stride);
        if (l2) codes.norms[at] = norm;
      }
      return true;
    });
  }

  Result<void> write_values(PartFile& file) {
    const std::size_t n = order_.size();
    const std::size_t dim = set_.dim;
    const bool halves = options_.width == PartValues::Width::kHalf;
    HugeVector<float> floats(options_.values_on_disk || halves ? 0 : n * dim);
    HugeVector<Half> kept(!options_.values_on_disk && halves ? n * dim : 0);
    std::vector<float> row(dim);
    std::vector<float> piece;
    std::vector<Half> narrow;
    MLG_TRY_VOID(file.open());
    for (std::size_t begin = 0; begin < n; begin += kRowsAStep) {
      const std::size_t end = std::min(n, begin + kRowsAStep);
      if (!progress_("writing", static_cast<double>(begin) / static_cast<double>(n)))
        return cancelled();
      piece.resize((end - begin) * dim);
      for (std::size_t at = begin; at < end; ++at) {
        const float* values = set_.values(order_[at], row.data());
        if (!values) return unreadable();
        std::memcpy(piece.data() + (at - begin) * dim, values, dim * sizeof(float));
      }
      if (halves) {
        narrow.resize(piece.size());
        std::transform(piece.begin(), piece.end(), narrow.begin(), to_half);
        MLG_TRY_VOID(file.write(narrow.data(), narrow.size() * sizeof(Half)));
        if (!kept.empty())
          std::copy(
              narrow.begin(), narrow.end(), kept.begin() + static_cast<std::ptrdiff_t>(begin * dim)
          );
      } else {
        MLG_TRY_VOID(file.write(piece.data(), piece.size() * sizeof(float)));
        if (!floats.empty())
          std::copy(
              piece.begin(), piece.end(), floats.begin() + static_cast<std::ptrdiff_t>(begin * dim)
          );
      }
    }
    const auto width = static_cast<std::uint32_t>(dim);
    if (options_.values_on_disk) {
      MLG_TRY(opened, file.opened_values());
      part_->values = PartValues(width, PartValues::OnDisk{std::move(opened), 0, options_.width});
    } else if (halves) {
      part_->values = PartValues(width, std::move(kept));
    } else {
      part_->values = PartValues(width, std::move(floats));
    }
    return {};
  }

  const TrainingSet& set_;
  const BuildOptions& options_;
  const std::string& path_;
  const BuildProgress& progress_;
  std::shared_ptr<SealedPart> part_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

Result<BuiltPart> build_part(
    const TrainingSet& set,
    const BuildOptions& options,
    const std::string& path,
    const BuildProgress& progress
) {
  return Builder(set, options, path, progress).build();
}

}  // namespace mlgraph::index
