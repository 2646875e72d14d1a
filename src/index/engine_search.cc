// Engine: search.
#include <cmath>

#include "index/engine.h"
#include "index/engine_impl.h"
#include "index/kernels.h"
#include "index/top_k.h"
#include "model/names.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Result;

namespace {

Result<void> check_search(const RunningIndex& index, const SearchRequest& request) {
  if (request.query.size() != index.dimension)
    return fail_at(
        "vector",
        ErrorCode::kInvalidVector,
        "the query has {} values, index '{}' has dimension {}",
        request.query.size(),
        index.id,
        index.dimension
    );
  bool zero = true;
  for (std::size_t i = 0; i < request.query.size(); ++i) {
    if (!std::isfinite(request.query[i]))
      return fail_at(
          fmt::format("vector[{}]", i),
          ErrorCode::kInvalidVector,
          "vector[{}] is not a finite 32-bit number",
          i
      );
    zero = zero && request.query[i] == 0;
  }
  if (zero && index.metric == model::Metric::kCosine)
    return fail_at(
        "vector",
        ErrorCode::kInvalidVector,
        "the query is all zero, which has no direction under COSINE"
    );
  if (request.k < 1 || request.k > kSearchKMax)
    return fail_at(
        "k", ErrorCode::kInvalidValue, "k is {}, it must be from 1 to {}", request.k, kSearchKMax
    );
  if (request.ef && *request.ef < 1)
    return fail_at("ef", ErrorCode::kInvalidValue, "ef is 0, it must be at least 1");
  if (request.nprobe && *request.nprobe < 1)
    return fail_at("nprobe", ErrorCode::kInvalidValue, "nprobe is 0, it must be at least 1");
  for (const auto& shard : index.shards)
    if (!model::is_readable(shard->state.load()))
      return fail(
          ErrorCode::kRecovering,
          "shard {} of '{}' is {}",
          shard->data.number(),
          index.id,
          model::name_of(shard->state.load())
      );
  return {};
}

class HitIds final : public RowIds {
 public:
  explicit HitIds(const RunningIndex& index) : index_(index) {}
  std::string_view id_of(const Found& found) const override {
    return index_.shards[found.shard]->data.id_of(found.row);
  }

 private:
  const RunningIndex& index_;
};

}  // namespace

Result<SearchAnswer> Engine::search(const std::string& id, const SearchRequest& request) const {
  MLG_TRY(index, impl_->running(id));
  MLG_TRY_VOID(check_search(*index, request));
  std::vector<float> query(request.query.begin(), request.query.end());
  if (index->metric == model::Metric::kCosine) static_cast<void>(normalise(query));
  ScanRequest scan{
      index->metric, query, request.k, request.nprobe, request.ef, request.exact, request.filter};
  if (const auto own = index->nprobe.load(); own > 0 && !scan.nprobe) scan.nprobe = own;
  const HitIds ids(*index);
  TopK top(request.k, ids);
  SearchAnswer answer;
  std::vector<const Shard*> shards;
  for (const auto& shard : index->shards) shards.push_back(&shard->data);
  MLG_TRY(scanned, search_shards(shards, scan, top));
  answer.scanned = scanned;

  // The store is asked only for what is wanted and there.
  std::vector<store::RowKey> keys;
  std::vector<std::size_t> hit_of_key;
  for (const auto& each : top.take()) {
    const auto& shard = index->shards[each.shard]->data;
    if (request.with_values || (request.with_metadata && shard.has_metadata(each.row))) {
      keys.push_back(shard.key_of(each.row));
      hit_of_key.push_back(answer.hits.size());
    }
    answer.hits.push_back({std::string(shard.id_of(each.row)), each.distance, {}, {}});
  }
  if (keys.empty()) return answer;
  auto stored = impl_->vectors_.get_many(keys);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (!stored[i]) continue;  // deleted since it was found: the hit stays, without what is gone
    Hit& hit = answer.hits[hit_of_key[i]];
    if (request.with_metadata) hit.metadata = std::move(stored[i]->metadata);
    if (request.with_values) hit.values = std::move(stored[i]->values);
  }
  return answer;
}

}  // namespace mlgraph::index
