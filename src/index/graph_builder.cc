#include "index/graph_builder.h"

#include <algorithm>
#include <atomic>
#include <limits>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <hnswlib/hnswlib.h>
#pragma GCC diagnostic pop

#include "index/in_parallel.h"

namespace mlgraph::index {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kLinks = 16;          ///< hnswlib's M; twice as many on the lowest layer
constexpr std::size_t kConstruction = 200;  ///< near vertices kept while a row is linked
constexpr std::size_t kQueriesMax = 1'000;
constexpr std::size_t kRowsPerQuery = 5;
constexpr std::size_t kVerticesAStep = 256;

/// Distances by our kernels: hnswlib's own are chosen when it is compiled, ours when it runs.
class Space final : public hnswlib::SpaceInterface<float> {
 public:
  Space(std::size_t dim, model::Metric metric) : dim_(dim), l2_(metric == model::Metric::kL2) {}
  size_t get_data_size() override { return dim_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return l2_ ? squared_l2 : minus_dot; }
  void* get_dist_func_param() override { return &dim_; }

 private:
  static float bounded(float distance) {
    constexpr float kFarthest = std::numeric_limits<float>::max();
    return distance <= kFarthest ? std::max(distance, -kFarthest)
                                 : kFarthest;  // also what is no number
  }
  static float squared_l2(const void* a, const void* b, const void* dim) {
    float out = 0;
    kernels().squared_l2(
        static_cast<const float*>(a),
        static_cast<const float*>(b),
        1,
        *static_cast<const std::size_t*>(dim),
        &out
    );
    return bounded(out);
  }
  static float minus_dot(const void* a, const void* b, const void* dim) {
    float out = 0;
    kernels().dot(
        static_cast<const float*>(a),
        static_cast<const float*>(b),
        1,
        *static_cast<const std::size_t*>(dim),
        &out
    );
    return bounded(-out);
  }

  std::size_t dim_;
  const bool l2_;
};

}  // namespace

/// Labels are positions. hnswlib numbers vertices as they come, so the two differ.
class GraphBuilder::Links {
 public:
  Links(std::size_t n, std::size_t dim, model::Metric metric, std::uint64_t seed)
      : space_(dim, metric), graph_(&space_, n, kLinks, kConstruction, seed) {
    // hnswlib fetches ahead by the link behind the last one: it must be there.
    graph_.size_links_per_element_ += sizeof(hnswlib::tableint);
  }

  /// False: there was no memory for it. On a thread of the builder nobody would catch that.
  [[nodiscard]] bool try_add(const float* row, std::uint32_t position) {
    try {
      graph_.addPoint(row, position);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  void copy_to(GraphPart& part) const {
    const std::size_t n = graph_.cur_element_count;
    part.width = static_cast<std::uint32_t>(graph_.maxM0_);
    part.entry = label(graph_.enterpoint_node_);
    part.links.assign(part.size() * part.width, SealedPart::kNowhere);
    part.layers.assign(static_cast<std::size_t>(std::max(0, graph_.maxlevel_)), {});
    std::vector<std::uint32_t> vertex_of(part.size(), SealedPart::kNowhere);
    for (std::uint32_t vertex = 0; vertex < n; ++vertex) vertex_of[label(vertex)] = vertex;
    for (std::uint32_t at = 0; at < part.size(); ++at) {
      const auto vertex = vertex_of[at];
      if (vertex == SealedPart::kNowhere) continue;
      copy(graph_.get_linklist0(vertex), part.links.data() + std::size_t{at} * part.width);
      for (int level = 1; level <= graph_.element_levels_[vertex]; ++level) {
        auto& layer = part.layers[static_cast<std::size_t>(level) - 1];
        layer.vertices.push_back(at);
        layer.links.resize(layer.links.size() + part.width / 2, SealedPart::kNowhere);
        copy(
            graph_.get_linklist(vertex, level),
            layer.links.data() + layer.links.size() - part.width / 2
        );
      }
    }
  }

 private:
  [[nodiscard]] std::uint32_t label(hnswlib::tableint vertex) const {
    return static_cast<std::uint32_t>(graph_.getExternalLabel(vertex));
  }
  void copy(hnswlib::linklistsizeint* list, std::uint32_t* out) const {
    const std::size_t count = graph_.getListCount(list);
    const auto* links = list + 1;
    for (std::size_t i = 0; i < count; ++i) out[i] = label(links[i]);
  }

  Space space_;
  hnswlib::HierarchicalNSW<float> graph_;
};

GraphBuilder::GraphBuilder(
    const TrainingSet& set, const BuildOptions& options, const BuildProgress& progress
)
    : set_(set), options_(options), progress_(progress) {}
GraphBuilder::~GraphBuilder() = default;

Result<building::Arranged> GraphBuilder::arrange() {
  const std::size_t n = set_.size();
  const std::size_t queries = std::min(kQueriesMax, n / kRowsPerQuery);
  order_ = building::shuffled(n, queries, options_.seed);
  std::reverse(order_.begin(), order_.end());  // the random choice comes last
  building::Arranged arranged{std::make_shared<GraphPart>(), order_, {}};
  for (std::size_t at = n - queries; at < n; ++at)
    arranged.queries.push_back(static_cast<std::uint32_t>(at));
  building::take_rows(*arranged.part, set_, order_);
  try {
    links_ = std::make_unique<Links>(n, set_.dim, set_.metric, options_.seed);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInternal, "the graph could not be begun: {}", error.what());
  }
  MLG_TRY_VOID(link(0, n - queries));
  if (n > queries) links_->copy_to(static_cast<GraphPart&>(*arranged.part));
  return arranged;
}

Result<void> GraphBuilder::link_the_rest(GraphPart& part) {
  MLG_TRY_VOID(link(linked_, order_.size()));
  links_->copy_to(part);
  links_.reset();
  return {};
}

Result<void> GraphBuilder::link(std::size_t begin, std::size_t end) {
  std::atomic<std::size_t> done{begin};
  std::atomic<bool> stop{false};
  std::atomic<bool> read{true};
  std::atomic<bool> failed{false};
  in_parallel(end - begin, kVerticesAStep, options_.threads, [&](std::size_t from, std::size_t to) {
    std::vector<float> scratch(set_.dim);
    for (std::size_t at = begin + from; at < begin + to && !stop && read && !failed; ++at) {
      const float* row = set_.values(order_[at], scratch.data());
      if (!row)
        read = false;
      else if (!links_->try_add(row, static_cast<std::uint32_t>(at)))
        failed = true;
    }
    const std::size_t so_far = done += to - from;
    if (!progress_("linking", static_cast<double>(so_far) / static_cast<double>(order_.size())))
      stop = true;
  });
  linked_ = end;
  if (failed) return fail(ErrorCode::kInternal, "the graph could not be built: no memory");
  if (!read) return building::unreadable();
  if (stop) return building::cancelled();
  return {};
}

}  // namespace mlgraph::index
