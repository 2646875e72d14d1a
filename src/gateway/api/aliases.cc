#include "gateway/api/aliases.h"

#include "base/json.h"
#include "model/names.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Result;

namespace {

constexpr const char* kKey = "aliases";
constexpr std::size_t kNamed = 10;  // of an index's aliases in an error

std::string to_json(const std::map<std::string, std::string>& indices) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    for (const auto& [alias, index] : indices) out.member(alias, index);
  });
  return text;
}

}  // namespace

Result<void> Aliases::load() {
  base::MutexLock lock(change_mutex_);
  MLG_TRY(stored, config_.config_get(kKey));
  Table table;
  table.revision = stored.revision;
  if (stored.revision > 0) {
    const auto json = base::parse_json(stored.value);
    if (!json || !json->as_object())
      return fail(ErrorCode::kCorrupt, "the stored aliases do not parse");
    for (const auto& [alias, index] : *json->as_object()) {
      if (!index.as_string())
        return fail(ErrorCode::kCorrupt, "the stored alias '{}' names no index", alias);
      table.indices[alias] = *index.as_string();
    }
  }
  table_.store(std::make_shared<const Table>(std::move(table)));
  return {};
}

std::optional<std::string> Aliases::index_of(const std::string& name) const {
  const auto table = table_.load();
  const auto it = table->indices.find(name);
  if (it == table->indices.end()) return std::nullopt;
  return it->second;
}

std::vector<Alias> Aliases::list() const {
  const auto table = table_.load();
  std::vector<Alias> all;
  for (const auto& [alias, index] : table->indices) all.push_back({alias, index});
  return all;
}

Result<void> Aliases::change(std::span<const AliasChange> changes, bool is_list) {
  base::MutexLock lock(change_mutex_);
  Table table = *table_.load();
  std::set<std::string> seen;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::string place = is_list ? fmt::format("aliases[{}].", i) : "";
    if (!seen.insert(changes[i].alias).second)
      return fail_at(
          place + "alias",
          ErrorCode::kInvalidValue,
          "{}alias '{}' stands in the list twice",
          place,
          model::printable(changes[i].alias)
      );
    MLG_TRY_VOID(apply(table, changes[i], place));
  }
  if (table.indices.size() > kMax)
    return fail_at(
        is_list ? "aliases" : "alias",
        ErrorCode::kInvalidValue,
        "there would be {} aliases, the limit is {}",
        table.indices.size(),
        kMax
    );
  return keep(std::move(table));
}

Result<void> Aliases::apply(Table& table, const AliasChange& change, const std::string& place)
    const {
  MLG_TRY_VOID(model::check_entity_name(place + "alias", change.alias));
  if (!change.index) {
    table.indices.erase(change.alias);
    return {};
  }
  if (index_exists_(change.alias) || being_made_.contains(change.alias))
    return fail_at(
        place + "alias", ErrorCode::kConflict, "'{}' is the name of an index", change.alias
    );
  if (!index_exists_(*change.index))
    return fail_at(
        place + "index",
        ErrorCode::kNotFound,
        "there is no index '{}'{}",
        model::printable(*change.index),
        table.indices.contains(*change.index) ? ", it is an alias" : ""
    );
  if (being_deleted_.contains(*change.index))
    return fail_at(
        place + "index",
        ErrorCode::kConflict,
        "index '{}' is being restored or deleted",
        *change.index
    );
  table.indices[change.alias] = *change.index;
  return {};
}

Result<void> Aliases::remove(const std::string& alias) {
  base::MutexLock lock(change_mutex_);
  Table table = *table_.load();
  if (table.indices.erase(alias) == 0)
    return fail(ErrorCode::kNotFound, "there is no alias '{}'", model::printable(alias));
  return keep(std::move(table));
}

Result<void> Aliases::keep(Table table) {
  if (table.indices == table_.load()->indices) return {};
  MLG_TRY(revision, config_.config_put(kKey, to_json(table.indices), table.revision));
  table.revision = revision;
  table_.store(std::make_shared<const Table>(std::move(table)));
  return {};
}

Result<Aliases::Claim> Aliases::claim_to_make(const std::string& index) {
  base::MutexLock lock(change_mutex_);
  if (index_of(index)) return fail(ErrorCode::kConflict, "'{}' is an alias", index);
  being_made_.insert(index);
  return Claim(*this, Claim::Purpose::kMake, index);
}

Result<Aliases::Claim> Aliases::claim_to_delete(const std::string& index) {
  base::MutexLock lock(change_mutex_);
  const auto table = table_.load();
  std::string named;
  std::size_t count = 0;
  for (const auto& [alias, target] : table->indices) {
    if (target != index || ++count > kNamed) continue;
    named += (named.empty() ? "'" : ", '") + alias + "'";
  }
  if (count > 0)
    return fail(
        ErrorCode::kConflict,
        "index '{}' has {} alias{}: {}{}; switch or remove first",
        index,
        count,
        count > 1 ? "es" : "",
        named,
        count > kNamed ? ", …" : ""
    );
  being_deleted_.insert(index);
  return Claim(*this, Claim::Purpose::kDelete, index);
}

void Aliases::release(const Claim& claim) {
  base::MutexLock lock(change_mutex_);
  auto& claims = claim.purpose_ == Claim::Purpose::kMake ? being_made_ : being_deleted_;
  claims.erase(claims.find(claim.index_));
}

Aliases::Claim::Claim(Claim&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      purpose_(other.purpose_),
      index_(std::move(other.index_)) {}

Aliases::Claim::~Claim() {
  if (owner_) owner_->release(*this);
}

void resolve_alias(const Route& route, const Aliases& aliases, HttpRequest& request) {
  if (!is_of_index(route)) return;
  std::string& id = request.params.at("id");
  auto index = aliases.index_of(id);
  if (!index) return;
  request.alias = std::exchange(id, std::move(*index));
}

}  // namespace mlgraph::gateway
