#include "index/shard.h"

#include <algorithm>

#include "base/check.h"
#include "index/kernels.h"

namespace mlgraph::index {

void Shard::prepare(std::span<const NewRow> rows, store::RowBatch& batch) const {
  std::uint32_t row = next_row_;
  for (const auto& each : rows) {
    if (const auto old = rows_.find(each.id, each.hash)) batch.erase(key_of(*old));
    batch.put(key_of(row++), {each.id, each.values, each.metadata});
  }
}

void Shard::put(Head& head, std::uint32_t row, const NewRow& from) {
  const auto slot = head.slot(row);
  std::copy(from.values.begin(), from.values.end(), slot.begin());
  if (metric_ == model::Metric::kCosine)
    MLG_CHECK(normalise(slot));  // zero rows were refused before
  if (!from.metadata.empty())
    if (const auto metadata = base::parse_json(from.metadata)) columns_.add(row, *metadata);
  if (const auto old = rows_.find(from.id, from.hash)) count_death(*old);
  rows_.add(row, from.id, from.hash, static_cast<std::uint32_t>(from.metadata.size()));
}

void Shard::count_death(std::uint32_t row) {
  tombstones_.fetch_add(1, std::memory_order_relaxed);
  if (row >= head_begin_.load(std::memory_order_relaxed))
    head_rows_.fetch_sub(1, std::memory_order_relaxed);
}

void Shard::apply(std::span<const NewRow> rows) {
  const auto view = view_.load();
  for (const auto& each : rows) {
    put(*view->head, next_row_, each);
    ++next_row_;
  }
  head_rows_.fetch_add(rows.size(), std::memory_order_relaxed);
  view->head->publish(next_row_);
}

std::size_t Shard::prepare_erase(std::span<const std::string_view> ids, store::RowBatch& batch)
    const {
  std::size_t found = 0;
  for (const auto id : ids)
    if (const auto row = rows_.find(id, hash_id(id))) {
      batch.erase(key_of(*row));
      ++found;
    }
  return found;
}

void Shard::apply_erase(std::span<const std::string_view> ids) {
  // A deletion takes a row number of its own, so that it has a place in the shard's time; that row
  // stays absent.
  const std::uint32_t at = next_row_++;
  for (const auto id : ids)
    if (const auto row = rows_.kill(id, hash_id(id), at)) count_death(*row);
  view_.load()->head->publish(next_row_);
}

base::Result<void> Shard::load(
    const store::VectorStore& store, std::shared_ptr<const SealedPart> part
) {
  base::MutexLock lock(writer_);
  const std::uint32_t segment = part ? segment_in(*part) : 0;
  const std::uint32_t begin = part ? part->rows_upto[segment] : 0;
  auto head = std::make_shared<Head>(dim_, begin);
  std::optional<std::string> damage;
  std::uint64_t in_head = 0;
  std::uint32_t end = 0;
  MLG_TRY_VOID(store.scan(
      index_number_,
      number_,
      0,
      [&](std::uint64_t stored, const store::RowView& view) {
        const auto row = static_cast<std::uint32_t>(stored);
        const bool sealed = row < begin;
        if (view.values.size() != dim_ ||
            (sealed && part->position_of(segment, row) == SealedPart::kNowhere)) {
          damage =
              fmt::format("row {} has {} values or is not in the part", stored, view.values.size());
          return false;
        }
        if (!sealed) {
          const auto slot = head->slot(row);
          std::copy(view.values.begin(), view.values.end(), slot.begin());
          if (metric_ == model::Metric::kCosine) static_cast<void>(normalise(slot));
          ++in_head;
        }
        if (!view.metadata.empty())
          if (const auto metadata = base::parse_json(view.metadata)) columns_.add(row, *metadata);
        rows_.add(row, view.id, hash_id(view.id), static_cast<std::uint32_t>(view.metadata.size()));
        end = row + 1;
        return true;
      }
  ));
  if (damage) return base::fail(base::ErrorCode::kCorrupt, "shard {}: {}", number_, *damage);
  next_row_ = std::max(end, begin);
  head->publish(next_row_);
  head_rows_ = in_head;
  head_begin_ = begin;
  if (part) tombstones_ = part->segment_rows[segment] - (rows_.live() - in_head);
  view_.store(std::make_shared<const ShardView>(ShardView{std::move(part), segment, std::move(head)}
  ));
  return {};
}

std::string_view Shard::any_id(std::uint64_t dice) const {
  constexpr std::uint32_t kFar = 100'000;
  const std::uint32_t seen = view_.load()->head->published();
  for (std::uint32_t i = 0; i < std::min(seen, kFar); ++i) {
    const auto row = static_cast<std::uint32_t>((dice + i) % seen);
    if (rows_.alive(row, seen)) return rows_.id_of(row);
  }
  return {};
}

std::vector<std::string_view> Shard::live_ids(const Filter* filter) const {
  const auto view = view_.load();
  const std::uint32_t seen = view->head->published();
  std::vector<std::string_view> ids;
  if (filter) {
    columns_.evaluate(*filter, seen).each([&](std::uint32_t row) {
      if (rows_.alive(row, seen)) ids.push_back(rows_.id_of(row));
    });
    return ids;
  }
  for (std::uint32_t row = 0; row < seen; ++row)
    if (rows_.alive(row, seen)) ids.push_back(rows_.id_of(row));
  return ids;
}

ShardLook Shard::look(const Filter* filter) const {
  ShardLook look;
  look.view = view_.load();
  look.scope = {number_, look.view->head->published(), &rows_, nullptr};
  while (filter) {
    const std::uint64_t forgotten = columns_.forgotten();
    look.scope.seen = look.view->head->published();
    look.allowed = columns_.evaluate(*filter, look.scope.seen);
    look.matches = look.allowed->count();
    // Else a row that lives for this search may have been forgotten in between.
    if (columns_.forgotten() == forgotten) break;
  }
  look.live = rows_.live();
  look.dead = tombstones();
  return look;
}

void Shard::collect(TrainingSet& set) const {
  auto view = view_.load();
  const std::uint32_t seen = view->head->published();
  const auto segment = static_cast<std::uint8_t>(set.shards.size());
  set.dim = dim_;
  set.metric = metric_;
  set.shards.push_back(number_);
  set.rows_upto.push_back(seen);
  if (const auto* part = view->part.get())
    for (std::uint32_t at = 0; at < part->size(); ++at)
      if (part->segment_of(at) == view->segment && rows_.alive(part->rows[at], seen))
        set.rows.push_back({part->rows[at], at, segment});
  for (std::uint32_t row = view->head->begin(); row < seen; ++row)
    if (view->head->row(row) && rows_.alive(row, seen))
      set.rows.push_back({row, SealedPart::kNowhere, segment});
  set.views.push_back(std::move(view));
}

std::uint32_t Shard::segment_in(const SealedPart& part) const {
  const auto at = std::find(part.shards.begin(), part.shards.end(), number_);
  MLG_CHECK(at != part.shards.end());
  return static_cast<std::uint32_t>(at - part.shards.begin());
}

std::shared_ptr<const ShardView> Shard::swap(std::shared_ptr<const SealedPart> part) {
  auto former = view_.load();
  const std::uint32_t segment = segment_in(*part);
  const std::uint32_t begin = part->rows_upto[segment];
  auto head = std::make_shared<Head>(*former->head, begin);
  std::uint64_t in_head = 0;
  for (std::uint32_t row = begin; row < next_row_; ++row)
    in_head += rows_.alive(row, next_row_) ? 1 : 0;
  const std::uint64_t in_part = rows_.live() - in_head;
  tombstones_ = part->segment_rows[segment] - in_part + (next_row_ - begin - in_head);
  head_rows_ = in_head;
  head_begin_ = begin;
  view_.store(std::make_shared<const ShardView>(ShardView{std::move(part), segment, std::move(head)}
  ));
  return former;
}

void Shard::swap_back(std::shared_ptr<const ShardView> former) {
  // What was written since the swap went to the new head, whose chunks the former one lacks: carry
  // them over.
  const auto current = view_.load();
  const std::uint32_t begin = former->head->begin();
  for (std::uint32_t row = former->head->published(); row < next_row_; ++row) {
    const float* values = current->head->row(row);
    if (values && rows_.alive(row, next_row_))
      std::copy(values, values + dim_, former->head->slot(row).begin());
  }
  former->head->publish(next_row_);
  std::uint64_t in_head = 0;
  for (std::uint32_t row = begin; row < next_row_; ++row)
    in_head += rows_.alive(row, next_row_) ? 1 : 0;
  head_rows_ = in_head;
  head_begin_ = begin;
  view_.store(std::move(former));
}

std::vector<std::uint32_t> Shard::begin_compaction() {
  const auto view = view_.load();
  next_row_ = (next_row_ + Head::kRows - 1) / Head::kRows * Head::kRows;
  view->head->publish(next_row_);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t chunk = view->head->begin() / Head::kRows; chunk * Head::kRows < next_row_;
       ++chunk) {
    if (!view->head->chunk(chunk)) continue;
    std::vector<std::uint32_t> living;
    std::size_t dead = 0;
    for (std::uint32_t row = chunk * Head::kRows; row < (chunk + 1) * Head::kRows; ++row) {
      if (rows_.alive(row, next_row_))
        living.push_back(row);
      else
        dead += rows_.is_known(row) ? 1 : 0;
    }
    if (dead > 0) rows.insert(rows.end(), living.begin(), living.end());
  }
  return rows;
}

void Shard::drop_dead_places() {
  const auto former = view_.load();
  auto head = std::make_shared<Head>(*former->head, former->head->begin());
  std::uint64_t dropped = 0;
  for (std::uint32_t chunk = head->begin() / Head::kRows; (chunk + 1) * Head::kRows <= next_row_;
       ++chunk) {
    if (!head->chunk(chunk)) continue;
    std::uint64_t dead = 0;
    bool lives = false;
    for (std::uint32_t row = chunk * Head::kRows; row < (chunk + 1) * Head::kRows && !lives;
         ++row) {
      lives = rows_.alive(row, next_row_);
      dead += rows_.is_known(row) ? 1 : 0;
    }
    if (lives) continue;
    head->drop(chunk);
    dropped += dead;
  }
  tombstones_.fetch_sub(std::min(dropped, tombstones_.load()), std::memory_order_relaxed);
  view_.store(std::make_shared<const ShardView>(ShardView{
      former->part, former->segment, std::move(head)}));
}

void Shard::forget_dead() {
  const std::uint32_t seen = view_.load()->head->published();
  columns_.forget([&](std::uint32_t row) { return row < seen && !rows_.alive(row, seen); });
}

std::uint64_t Shard::part_rows() const {
  const auto view = view_.load();
  return view->part ? view->part->segment_rows[view->segment] : 0;
}

}  // namespace mlgraph::index
