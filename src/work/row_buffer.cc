#include "work/row_buffer.h"

namespace mlgraph::work {

void RowBuffer::clear() {
  values_.clear();
  text_.clear();
  rows_.clear();
}

std::span<float> RowBuffer::next_values() {
  values_.resize((rows_.size() + 1) * dimension_);
  return {values_.data() + rows_.size() * dimension_, dimension_};
}

void RowBuffer::keep(std::string_view id, std::string_view metadata, std::uint64_t row) {
  rows_.push_back({text_.size(), id.size(), text_.size() + id.size(), metadata.size(), row});
  text_ += id;
  text_ += metadata;
}

void RowBuffer::drop(std::size_t at) {
  const auto begin = values_.begin() + static_cast<std::ptrdiff_t>(at * dimension_);
  values_.erase(begin, begin + static_cast<std::ptrdiff_t>(dimension_));
  rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(at));
}

index::RowsView RowBuffer::view() {
  ids_.clear();
  metadata_.clear();
  bool any_metadata = false;
  for (const auto& row : rows_) {
    ids_.emplace_back(text_.data() + row.id_at, row.id_size);
    metadata_.emplace_back(text_.data() + row.metadata_at, row.metadata_size);
    any_metadata = any_metadata || row.metadata_size > 0;
  }
  index::RowsView view;
  view.dimension = dimension_;
  view.values = std::span(values_).first(rows_.size() * dimension_);
  view.ids = ids_;
  if (any_metadata) view.metadata = metadata_;
  return view;
}

index::RowsView RowBuffer::view_of(std::size_t at) {
  index::RowsView all = view();
  all.values = all.values.subspan(at * dimension_, dimension_);
  all.ids = all.ids.subspan(at, 1);
  if (!all.metadata.empty()) all.metadata = all.metadata.subspan(at, 1);
  return all;
}

}  // namespace mlgraph::work
