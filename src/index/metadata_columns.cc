#include "index/metadata_columns.h"

#include <fmt/format.h>
#include <sodium.h>

namespace mlgraph::index {
namespace {

constexpr std::size_t kPathDepth = 8;

/// SipHash is keyed: nobody can choose values that collide. One key a process.
const std::array<unsigned char, crypto_shorthash_siphashx24_KEYBYTES>& hash_key() {
  static const auto kKey = [] {
    std::array<unsigned char, crypto_shorthash_siphashx24_KEYBYTES> key{};
    randombytes_buf(key.data(), key.size());
    return key;
  }();
  return kKey;
}

}  // namespace

MetadataColumns::Hash MetadataColumns::hash_of(const Scalar& value) {
  std::string bytes(1, static_cast<char>(value.index()));
  if (const auto* flag = std::get_if<bool>(&value)) {
    bytes.push_back(*flag ? 1 : 0);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    bytes += *text;
  } else {
    const auto append = [&](const auto& number) {
      bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
    };
    if (const auto* fraction = std::get_if<double>(&value)) append(*fraction);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) append(*whole);
    if (const auto* big = std::get_if<std::uint64_t>(&value)) append(*big);
  }
  Hash hash{};
  crypto_shorthash_siphashx24(
      reinterpret_cast<unsigned char*>(hash.data()),
      reinterpret_cast<const unsigned char*>(bytes.data()),
      bytes.size(),
      hash_key().data()
  );
  return hash;
}

void MetadataColumns::add(std::uint32_t row, const base::Json& metadata) {
  if (!metadata.as_object()) return;
  {
    base::WriteLock lock(mutex_);
    for (const auto& [name, value] : *metadata.as_object()) add_value(row, name, value, 1);
  }
  if (!due_.empty()) merge_numbers();
}

// Merged beside searches, which wait only while the result is put in place.
void MetadataColumns::merge_numbers() {
  base::MutexLock arranging(arranging_);
  for (auto* column : due_) {
    NumberColumn::Merged merged;
    {
      base::ReadLock lock(mutex_);
      if (!column->is_due()) continue;  // told twice
      merged = column->merged();
    }
    base::WriteLock lock(mutex_);
    column->install(std::move(merged));
  }
  due_.clear();
}

void MetadataColumns::add_value(
    std::uint32_t row, const std::string& path, const base::Json& value, std::size_t depth
) {
  if (const auto* members = value.as_object(); members && depth < kPathDepth)
    for (const auto& [name, member] : *members)
      add_value(row, fmt::format("{}.{}", path, name), member, depth + 1);
  auto it = columns_.find(path);
  if (it == columns_.end()) {
    if (columns_.size() >= kKeysMax) return;
    it = columns_.emplace(path, Column{}).first;
  }
  Column& column = it->second;
  if (!value.is_null()) column.present.add(row);
  const auto add_scalar = [&](const base::Json& item) {
    const auto scalar = scalar_of(item);
    if (!scalar) return;
    if (const auto number = item.as_double()) column.numbers.add(*number, row);
    column.rows_by_value[hash_of(*scalar)].add(row);
  };
  if (const auto* items = value.as_array())
    for (const auto& item : *items) add_scalar(item);
  else
    add_scalar(value);
  if (column.numbers.is_due()) due_.push_back(&column.numbers);
}

void MetadataColumns::forget(const std::function<bool(std::uint32_t row)>& is_dead) {
  base::MutexLock arranging(arranging_);
  base::WriteLock lock(mutex_);
  forgotten_.fetch_add(1);
  for (auto column = columns_.begin(); column != columns_.end();) {
    auto& [rows_by_value, numbers, present] = column->second;
    for (auto& [value, rows] : rows_by_value) rows.erase_if(is_dead);
    std::erase_if(rows_by_value, [](const auto& each) { return each.second.empty(); });
    numbers.erase_if(is_dead);
    present.erase_if(is_dead);
    const bool empty = present.empty() && rows_by_value.empty();
    column = empty ? columns_.erase(column) : std::next(column);
  }
}

Bitmap MetadataColumns::evaluate(const Filter& filter, std::uint32_t rows) const {
  base::ReadLock lock(mutex_);
  return filter_rows(filter, rows);
}

Bitmap MetadataColumns::filter_rows(const Filter& filter, std::uint32_t rows) const {
  Bitmap result(rows, true);
  for (const auto& clause : filter.must) result.intersect(clause_rows(clause, rows));
  if (!filter.should.empty()) {
    Bitmap any(rows);
    for (const auto& clause : filter.should) any.unite(clause_rows(clause, rows));
    result.intersect(any);
  }
  for (const auto& clause : filter.must_not) result.subtract(clause_rows(clause, rows));
  return result;
}

Bitmap MetadataColumns::clause_rows(const Filter::Clause& clause, std::uint32_t rows) const {
  if (const auto* nested = std::get_if<std::unique_ptr<Filter>>(&clause.item))
    return filter_rows(**nested, rows);
  return condition_rows(std::get<Condition>(clause.item), rows);
}

Bitmap MetadataColumns::condition_rows(const Condition& condition, std::uint32_t rows) const {
  const auto it = columns_.find(condition.key);
  if (const auto* exists = std::get_if<Condition::Exists>(&condition.test)) {
    Bitmap present(rows);
    if (it != columns_.end()) it->second.present.unite_into(present);
    if (exists->exists) return present;
    Bitmap absent(rows, true);
    absent.subtract(present);
    return absent;
  }
  Bitmap result(rows);
  if (it == columns_.end()) return result;
  const auto add_matches = [&](const Scalar& value) {
    const auto found = it->second.rows_by_value.find(hash_of(value));
    if (found != it->second.rows_by_value.end()) found->second.unite_into(result);
  };
  if (const auto* match = std::get_if<Condition::Match>(&condition.test)) add_matches(match->value);
  if (const auto* any = std::get_if<Condition::Any>(&condition.test))
    for (const auto& value : any->values) add_matches(value);
  if (const auto* range = std::get_if<Condition::Range>(&condition.test))
    it->second.numbers.unite_range(*range, result);
  return result;
}

}  // namespace mlgraph::index
