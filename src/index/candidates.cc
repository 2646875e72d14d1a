#include "index/candidates.h"

namespace mlgraph::index {
namespace {

bool nearer(const Candidates::Candidate& a, const Candidates::Candidate& b) {
  return a.distance < b.distance;
}

}  // namespace

void Candidates::trim() {
  if (kept_.size() > k_) {
    const auto kth = kept_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(kept_.begin(), kth, kept_.end(), nearer);
    reach_ = std::min(reach_, kth->distance + query_.margin(kth->distance));
    std::erase_if(kept_, [this](const Candidate& each) { return each.distance > reach_; });
  }
  if (kept_.size() > k_ + kMost) {
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(k_ + kMost - 1);
    std::nth_element(kept_.begin(), last, kept_.end(), nearer);
    reach_ = last->distance;
    kept_.resize(k_ + kMost);
  }
  limit_ = std::max<std::size_t>(2 * kept_.size(), 64);
}

std::vector<Candidates::Candidate> Candidates::take() {
  trim();
  return std::move(kept_);
}

void Candidates::measure_again(const SealedPart& part, PartSearch& search) {
  auto kept = take();
  // Rows on disk are read in the order they lie in.
  if (part.values.is_on_disk())
    std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
      return a.position < b.position;
    });
  std::vector<float> scratch(part.dim);
  for (const auto& each : kept) {
    const float* values = part.values.block(each.position, 1, scratch.data());
    if (!values) {
      search.failed = true;
      return;
    }
    const double distance = search.distance.of(values);
    if (distance > search.top.threshold()) continue;
    const Scope* scope = search.scopes[part.segment_of(each.position)];
    search.top.offer({distance, scope->shard, part.rows[each.position]});
  }
  search.computed += kept.size();
}

}  // namespace mlgraph::index
