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
    const store::VectorStore& store, std::shared_ptr<const IvfPart> part
) {
  base::MutexLock lock(writer_);
  const std::uint32_t begin = part ? part->rows_upto : 0;
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
        if (view.values.size() != dim_ || (sealed && !part->row(row))) {
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
  if (part) tombstones_ = part->rows.size() - (rows_.live() - in_head);
  view_.store(std::make_shared<const ShardView>(ShardView{std::move(part), std::move(head)}));
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

std::shared_ptr<const ShardView> Shard::collect(TrainingSet& set) const {
  auto view = view_.load();
  const std::uint32_t seen = view->head->published();
  set.dim = dim_;
  set.metric = metric_;
  set.rows_upto = seen;
  const auto add = [&](std::uint32_t row, const float* values) {
    if (!values || !rows_.alive(row, seen)) return;
    set.rows.push_back(row);
    set.values.push_back(values);
  };
  if (view->part)
    for (std::size_t i = 0; i < view->part->rows.size(); ++i)
      add(view->part->rows[i], view->part->values.data() + i * dim_);
  for (std::uint32_t row = view->head->begin(); row < seen; ++row) add(row, view->head->row(row));
  return view;
}

std::shared_ptr<const ShardView> Shard::swap(std::shared_ptr<const IvfPart> part) {
  auto former = view_.load();
  auto head = std::make_shared<Head>(*former->head, part->rows_upto);
  const std::uint32_t begin = part->rows_upto;
  std::uint64_t in_head = 0;
  for (std::uint32_t row = begin; row < next_row_; ++row)
    in_head += rows_.alive(row, next_row_) ? 1 : 0;
  const std::uint64_t in_part = rows_.live() - in_head;
  tombstones_ = part->rows.size() - in_part + (next_row_ - begin - in_head);
  head_rows_ = in_head;
  head_begin_ = begin;
  view_.store(std::make_shared<const ShardView>(ShardView{std::move(part), std::move(head)}));
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

std::uint64_t Shard::part_rows() const {
  const auto view = view_.load();
  return view->part ? view->part->rows.size() : 0;
}

}  // namespace mlgraph::index
