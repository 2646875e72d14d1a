#include "hub/pattern_index.h"

#include "base/check.h"

namespace mlgraph::hub {

std::uint32_t PatternIndex::add(const std::string& pattern, Member member) {
  List& list = lists_[pattern];
  list.push_back(member);
  return static_cast<std::uint32_t>(list.size() - 1);
}

const PatternIndex::Member* PatternIndex::remove(const std::string& pattern, std::uint32_t place) {
  const auto found = lists_.find(pattern);
  MLG_CHECK(found != lists_.end() && place < found->second.size());
  List& list = found->second;
  list[place] = list.back();
  list.pop_back();
  if (list.empty())
    lists_.erase(found);
  else if (place < list.size())
    return &list[place];
  return nullptr;
}

void PatternIndex::renumber(const std::string& pattern, std::uint32_t place, std::uint32_t number) {
  lists_.find(pattern)->second[place].number = number;
}

PatternIndex::Lists PatternIndex::find(model::EventKind kind, std::string_view entity) {
  Lists lists{};
  std::size_t count = 0;
  const auto look_up = [&](std::string_view key) {
    if (const auto found = lists_.find(key); found != lists_.end()) lists[count++] = &found->second;
  };
  const auto family = model::family_name(model::family_of(kind));
  look_up("*");
  look_up(model::type_name(kind));
  key_.assign(family).append(".*");
  look_up(key_);
  key_.assign(family).append(".").append(entity).append(".*");
  look_up(key_);
  key_.assign(family).append(".").append(entity).append(".").append(model::leaf_name(kind));
  look_up(key_);
  return lists;
}

}  // namespace mlgraph::hub
