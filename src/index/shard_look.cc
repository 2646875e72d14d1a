#include "index/shard_look.h"

#include <algorithm>
#include <deque>
#include <map>

#include "index/head_scan.h"
#include "index/shard.h"

namespace mlgraph::index {
namespace {

constexpr std::uint64_t kFewValues = 100'000;  ///< of rows that are measured one by one anyway

/// The shards that one part holds rows of.
struct PartShare {
  std::vector<ShardLook*> looks;
  std::uint64_t can_be_hits = 0;
  std::uint64_t rows = 0;
  [[nodiscard]] double share() const {
    return static_cast<double>(std::max<std::uint64_t>(1, can_be_hits)) /
           static_cast<double>(std::max<std::uint64_t>(1, rows));
  }
};

class ShardsSearch {
 public:
  ShardsSearch(const ScanRequest& request, TopK& top)
      : request_(request), top_(top), distance_(request.metric, request.query) {}

  base::Result<std::uint64_t> run(std::span<const Shard* const> shards) {
    std::map<const SealedPart*, PartShare> parts;
    std::deque<ShardLook> looks;  // stay where they are
    for (const auto* shard : shards) {
      auto& look = looks.emplace_back(shard->look(request_.filter));
      look.scope.allowed = look.allowed ? &*look.allowed : nullptr;
      auto& part = parts[look.view->part.get()];
      part.looks.push_back(&look);
      part.can_be_hits += look.allowed ? look.matches : look.live;
      part.rows += look.allowed ? look.scope.seen : look.live + look.dead;
    }
    for (auto& [part, share] : parts) search(part, share);
    if (!read_)
      return base::fail(
          base::ErrorCode::kInternal, "rows of a sealed part could not be read from the disk"
      );
    return computed_;
  }

 private:
  void search(const SealedPart* part, PartShare& share) {
    PartSearch wanted = part_search(share);
    std::uint64_t few =
        part && !request_.exact
            ? std::max<std::uint64_t>(
                  kFewValues / request_.query.size(),
                  static_cast<std::uint64_t>(
                      part->rows_measured(wanted, static_cast<double>(request_.k) / wanted.share) /
                      4
                  )
              )
            : share.rows / 8;
    if (part) wanted.scopes.resize(part->segments(), nullptr);
    // Few matches are cheaper to visit one by one than to pass over all the rows that a search
    // would.
    const bool one_by_one = wanted.filtered && share.can_be_hits <= few;
    for (const auto* look : share.looks) {
      if (one_by_one)
        computed_ += scan_allowed(*look, distance_, top_, read_);
      else
        computed_ += scan_head(*look, distance_, top_);
      if (part) wanted.scopes[look->view->segment] = &look->scope;
    }
    if (one_by_one || !part) return;
    part->search(wanted);
    computed_ += wanted.computed;
    read_ = read_ && !wanted.failed;
  }

  [[nodiscard]] PartSearch part_search(const PartShare& share) const {
    PartSearch search{request_.metric, request_.query, distance_, top_};
    search.k = request_.k;
    search.nprobe = request_.nprobe;
    search.ef = request_.ef;
    search.exact = request_.exact;
    search.filtered = request_.filter != nullptr;
    search.share = share.share();
    return search;
  }

  const ScanRequest& request_;
  TopK& top_;
  const Distance distance_;
  std::uint64_t computed_ = 0;
  bool read_ = true;
};

}  // namespace

base::Result<std::uint64_t> search_shards(
    std::span<const Shard* const> shards, const ScanRequest& request, TopK& top
) {
  return ShardsSearch(request, top).run(shards);
}

}  // namespace mlgraph::index
