#pragma once
// Other names of indices, switched at once and all together.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/snapshot_cell.h"
#include "gateway/api/router.h"
#include "store/log.h"

namespace mlgraph::gateway {

struct Alias {
  std::string alias;
  std::string index;
};

/// What a request wants of one alias.
struct AliasChange {
  std::string alias;
  std::optional<std::string> index;  ///< none: it is removed, if it is there
};

/// Aliases are configuration: one record of the configuration store holds them all, so that several
/// change at once or not at all.
/// Invariant  an alias is never an index's name, and its index exists. Who makes or deletes an
/// index
///            says so first, see Claim.
/// Threads    shared. A look-up takes one snapshot; a change waits for the disk.
class Aliases {
 public:
  static constexpr std::size_t kMax = 1'000;
  using IndexExists = std::function<bool(const std::string& index)>;
  Aliases(store::Log& config, IndexExists index_exists)
      : config_(config), index_exists_(std::move(index_exists)) {}
  /// errors kCorrupt, and the store's.
  [[nodiscard]] base::Result<void> load();

  /// The index that `name` stands for; nullopt: it is no alias.
  [[nodiscard]] std::optional<std::string> index_of(const std::string& name) const;
  /// By name.
  [[nodiscard]] std::vector<Alias> list() const;
  /// Applies all changes or none; durable on return.
  /// errors  kInvalidValue (a name that cannot be, twice the same, too many), kConflict (an index's
  /// name), kNotFound (no such index), of a list naming its item, e.g. "aliases[3].index".
  [[nodiscard]] base::Result<void> change(std::span<const AliasChange> changes, bool is_list);
  /// errors kNotFound.
  [[nodiscard]] base::Result<void> remove(const std::string& alias);

  /// While it lives, no alias takes the index's name (making), or none is set on it (deleting).
  class Claim {
   public:
    Claim(Claim&& other) noexcept;
    Claim& operator=(Claim&&) = delete;
    ~Claim();

   private:
    friend class Aliases;
    enum class Purpose : std::uint8_t { kMake, kDelete };
    Claim(Aliases& owner, Purpose purpose, std::string index)
        : owner_(&owner), purpose_(purpose), index_(std::move(index)) {}
    Aliases* owner_;
    Purpose purpose_;
    std::string index_;
  };
  /// errors kConflict: it is an alias.
  [[nodiscard]] base::Result<Claim> claim_to_make(const std::string& index);
  /// errors kConflict naming the aliases that the index has.
  [[nodiscard]] base::Result<Claim> claim_to_delete(const std::string& index);

 private:
  struct Table {
    std::uint64_t revision = 0;
    std::map<std::string, std::string> indices;  ///< by alias
  };
  [[nodiscard]] base::Result<void> apply(
      Table& table, const AliasChange& change, const std::string& place
  ) const MLG_REQUIRES(change_mutex_);
  [[nodiscard]] base::Result<void> keep(Table table) MLG_REQUIRES(change_mutex_);
  void release(const Claim& claim);

  store::Log& config_;
  const IndexExists index_exists_;
  base::SnapshotCell<Table> table_{std::make_shared<const Table>()};
  base::Mutex change_mutex_;
  std::multiset<std::string> being_made_ MLG_GUARDED_BY(change_mutex_);
  std::multiset<std::string> being_deleted_ MLG_GUARDED_BY(change_mutex_);
};

/// Of an index's own route: puts the index in the place of its alias, before rights are asked.
void resolve_alias(const Route& route, const Aliases& aliases, HttpRequest& request);

}  // namespace mlgraph::gateway
