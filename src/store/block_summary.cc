#include "store/block_summary.h"

#include <algorithm>
#include <cstring>

namespace mlgraph::store {
namespace {
constexpr int kProbes = 3;
constexpr int kProbeBits = 13;  // of a filter of 8,192 bits

/// The word and bit of a probe.
std::pair<std::size_t, std::uint64_t> place_of(std::uint64_t hash, int probe) {
  const std::uint64_t bit = (hash >> (probe * kProbeBits)) & ((1U << kProbeBits) - 1);
  return {bit / 64, std::uint64_t{1} << (bit % 64)};
}
}  // namespace

std::uint64_t BlockSummary::hash(std::string_view entity) {
  // FNV-1a, then a finaliser, so that names that differ at their end only spread over all bits.
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char c : entity) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3;
  }
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccd;
  value ^= value >> 33;
  return value == 0 ? 1 : value;
}

void BlockSummary::add(model::EventKind kind, std::string_view entity) {
  kinds_ |= model::set_of(kind);
  const auto hashed = hash(entity);
  for (int probe = 0; probe < kProbes; ++probe) {
    const auto [word, bit] = place_of(hashed, probe);
    filter_[word] |= bit;
  }
}

void BlockSummary::add_unknown() {
  kinds_ = model::kEveryKind;
  filter_.fill(~std::uint64_t{0});
}

bool BlockSummary::may_hold(const Sought& sought) const {
  if (!(kinds_ & sought.kinds)) return false;
  if (sought.entity == 0) return true;
  for (int probe = 0; probe < kProbes; ++probe) {
    const auto [word, bit] = place_of(sought.entity, probe);
    if (!(filter_[word] & bit)) return false;
  }
  return true;
}

bool BlockSummary::may_hold_any(std::span<const Sought> sought) const {
  return std::any_of(sought.begin(), sought.end(), [this](const Sought& one) {
    return may_hold(one);
  });
}

void BlockSummary::encode(std::string& out) const {
  out.append(reinterpret_cast<const char*>(&kinds_), sizeof kinds_);
  out.append(reinterpret_cast<const char*>(filter_.data()), sizeof filter_);
}

BlockSummary BlockSummary::decode(const char* at) {
  BlockSummary summary;
  std::memcpy(&summary.kinds_, at, sizeof summary.kinds_);
  std::memcpy(summary.filter_.data(), at + sizeof summary.kinds_, sizeof summary.filter_);
  return summary;
}

}  // namespace mlgraph::store
