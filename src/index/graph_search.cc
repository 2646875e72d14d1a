// GraphPart: from vertex to vertex towards the query.
#include <algorithm>
#include <limits>

#include "index/graph_part.h"
#include "index/part_scan.h"
#include "index/visited.h"

namespace mlgraph::index {
namespace {

constexpr double kVerticesPerEf = 20;  ///< measured for each near vertex kept, about
/// Passing over codes one after the other is so much quicker a row than walking to them.
constexpr double kWalkCost = 4;

struct Vertex {
  float distance;
  std::uint32_t at;
  bool operator<(const Vertex& other) const { return distance < other.distance; }
  bool operator>(const Vertex& other) const { return distance > other.distance; }
};

class GraphSearch {
 public:
  GraphSearch(const GraphPart& part, PartSearch& search)
      : part_(part), search_(search), scan_(part, search), scratch_(part.dim) {}

  void run() {
    const double nearest = static_cast<double>(search_.k) / search_.share;
    const std::size_t ef = vertices_kept(nearest);
    const auto matches = search_.share * static_cast<double>(part_.size());
    const bool sweeps =
        search_.exact || kWalkCost * kVerticesPerEf * static_cast<double>(ef) > matches;
    if (!sweeps) {
      walk(ef);
      if (found_.size() >= search_.k || static_cast<double>(found_.size()) >= matches)
        return measure_found();
    }
    // For an exact answer, where few match, and where walking did not find enough.
    scan_.pass(0, part_.size());
    scan_.measure_candidates();
  }

 private:
  [[nodiscard]] std::size_t vertices_kept(double nearest) const {
    if (search_.ef) return std::max<std::size_t>(*search_.ef, search_.k);
    return std::max<std::size_t>(part_.probing.effort_for(nearest, part_.size()), search_.k);
  }

  // Walking goes by a rough measure; what could be a hit is measured exactly at the end.
  void measure_found() {
    Candidates* candidates = scan_.candidates();
    for (const auto& vertex : found_) {
      if (candidates) {
        if (vertex.distance <= candidates->reach()) candidates->add(vertex.distance, vertex.at);
        continue;
      }
      const float* values = part_.values.block(vertex.at, 1, scratch_.data());
      if (!values) continue;  // told by measure()
      search_.top.offer(
          {search_.distance.of(values),
           search_.scopes[part_.segment_of(vertex.at)]->shard,
           part_.rows[vertex.at]}
      );
    }
    scan_.measure_candidates();
  }

  [[nodiscard]] float measure(std::uint32_t at) {
    ++search_.computed;
    if (scan_.candidates()) return scan_.coded().of(at);
    const float* values = part_.values.block(at, 1, scratch_.data());
    if (!values) {
      search_.failed = true;
      return std::numeric_limits<float>::max();
    }
    return rank_of(search_.distance.of(values));
  }

  /// The vertex of the layer that no neighbour is nearer than.
  Vertex descend(const GraphPart::Layer& layer, Vertex from) {
    const std::size_t width = part_.width / 2;
    for (bool moved = true; moved;) {
      moved = false;
      const auto place = std::lower_bound(layer.vertices.begin(), layer.vertices.end(), from.at);
      const auto* links =
          layer.links.data() + static_cast<std::size_t>(place - layer.vertices.begin()) * width;
      for (std::size_t i = 0; i < width && links[i] != SealedPart::kNowhere; ++i) {
        const Vertex next{measure(links[i]), links[i]};
        if (next.distance >= from.distance) continue;
        from = next;
        moved = true;
      }
    }
    return from;
  }

  void walk(std::size_t ef) {
    Vertex nearest{measure(part_.entry), part_.entry};
    for (std::size_t layer = part_.layers.size(); layer > 0; --layer)
      nearest = descend(part_.layers[layer - 1], nearest);
    thread_local Visited visited;
    visited.begin(part_.size());
    static_cast<void>(visited.visit(nearest.at));
    std::vector<Vertex> to_expand = {nearest};  // heap, nearest in front
    std::vector<Vertex> kept = {nearest};       // heap, farthest in front
    std::vector<std::uint32_t> fresh(part_.width);
    while (!to_expand.empty() && !search_.failed) {
      std::pop_heap(to_expand.begin(), to_expand.end(), std::greater<>());
      const Vertex from = to_expand.back();
      to_expand.pop_back();
      if (from.distance > kept.front().distance && kept.size() >= ef) break;
      std::size_t count = 0;
      for (const auto next : part_.links_of(from.at)) {
        if (next == SealedPart::kNowhere) break;
        if (!visited.visit(next)) continue;
        fresh[count++] = next;
        prefetch(next);
      }
      for (std::size_t i = 0; i < count; ++i) {
        const Vertex next{measure(fresh[i]), fresh[i]};
        if (kept.size() >= ef && next.distance >= kept.front().distance) continue;
        to_expand.push_back(next);
        std::push_heap(to_expand.begin(), to_expand.end(), std::greater<>());
        __builtin_prefetch(part_.links.data() + std::size_t{next.at} * part_.width);
        kept.push_back(next);
        std::push_heap(kept.begin(), kept.end());
        if (kept.size() <= ef) continue;
        std::pop_heap(kept.begin(), kept.end());
        kept.pop_back();
      }
    }
    std::erase_if(kept, [this](const Vertex& each) { return !part_.hit_at(search_, each.at); });
    found_ = std::move(kept);
  }

  void prefetch(std::uint32_t at) {
    if (!scan_.candidates()) return;
    const auto* codes = reinterpret_cast<const char*>(part_.codes->at(at));
    constexpr std::size_t kLine = 64;
    const std::size_t bytes = std::min<std::size_t>(part_.codes->quantizer.stride(), 8 * kLine);
    for (std::size_t line = 0; line < bytes; line += kLine) __builtin_prefetch(codes + line);
    if (!part_.codes->norms.empty()) __builtin_prefetch(part_.codes->norms.data() + at);
  }

  const GraphPart& part_;
  PartSearch& search_;
  PartScan scan_;
  std::vector<float> scratch_;
  std::vector<Vertex> found_;  ///< near ones that can be hits
};

}  // namespace

void GraphPart::search(PartSearch& search) const {
  if (size() > 0) GraphSearch(*this, search).run();
}

double GraphPart::rows_measured(const PartSearch& search, double nearest) const {
  const auto ef = search.ef ? *search.ef : probing.effort_for(nearest, size());
  return kVerticesPerEf * static_cast<double>(ef);
}

}  // namespace mlgraph::index
