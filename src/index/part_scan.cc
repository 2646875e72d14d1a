#include "index/part_scan.h"

#include <algorithm>

namespace mlgraph::index {
namespace {

constexpr std::size_t kPartBlock = 256;  ///< rows
/// Where more rows than this match, measuring all of them side by side costs less than asking each.
constexpr double kManyMatch = 0.25;

}  // namespace

PartScan::PartScan(const SealedPart& part, PartSearch& search) : part_(part), search_(search) {
  if (search.exact || !part.codes) return;
  coded_.emplace(part.metric, *part.codes, search.query);
  if (coded_->is_codable()) candidates_.emplace(search.k, *coded_);
}

void PartScan::pass(std::size_t begin, std::size_t end) {
  if (search_.filtered && !(candidates_ && search_.share >= kManyMatch))
    matching(begin, end);
  else if (candidates_)
    by_codes(begin, end);
  else
    by_values(begin, end);
}

void PartScan::by_codes(std::size_t begin, std::size_t end) {
  float measured[kPartBlock];
  for (std::size_t at = begin; at < end; at += kPartBlock) {
    const std::size_t n = std::min(kPartBlock, end - at);
    coded_->measure(at, n, measured);
    for (std::size_t i = 0; i < n; ++i)
      if (measured[i] <= candidates_->reach()) {
        ++passed_;
        if (!part_.hit_at(search_, at + i)) continue;
        ++matched_;
        candidates_->add(measured[i], static_cast<std::uint32_t>(at + i));
      }
  }
  search_.computed += end - begin;
}

void PartScan::by_values(std::size_t begin, std::size_t end) {
  scratch_.resize(kPartBlock * part_.dim);
  float measured[kPartBlock];
  for (std::size_t at = begin; at < end; at += kPartBlock) {
    const std::size_t n = std::min(kPartBlock, end - at);
    const float* values = part_.values.block(at, n, scratch_.data());
    if (!values) {
      search_.failed = true;
      return;
    }
    const bool finite = search_.distance.measure(values, n, measured);
    for (std::size_t i = 0; i < n; ++i)
      if (!finite || measured[i] <= search_.top.reach())
        offer(at + i, search_.distance.repaired(measured[i], values + i * part_.dim));
  }
  search_.computed += end - begin;
}

// A bit costs less than a distance: rows that do not match are not measured.
void PartScan::matching(std::size_t begin, std::size_t end) {
  scratch_.resize(kPartBlock * part_.dim);
  passed_ += end - begin;
  for (std::size_t at = begin; at < end; ++at) {
    if (!part_.hit_at(search_, at)) continue;
    ++matched_;
    ++search_.computed;
    if (candidates_) {
      const float distance = coded_->of(at);
      if (distance <= candidates_->reach())
        candidates_->add(distance, static_cast<std::uint32_t>(at));
      continue;
    }
    const float* values = part_.values.block(at, 1, scratch_.data());
    if (!values) {
      search_.failed = true;
      return;
    }
    offer(at, search_.distance.of(values));
  }
}

void PartScan::offer(std::size_t at, double distance) {
  if (distance > search_.top.threshold()) return;
  if (const Scope* scope = part_.hit_at(search_, at))
    search_.top.offer({distance, scope->shard, part_.rows[at]});
}

}  // namespace mlgraph::index
