#pragma once
// The state as a client keeps it: from the `state` it was sent and the events after it, read off
// the wire as the page says, with no help from src/model.
#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "sim/history.h"
#include "sim/operation.h"

namespace mlgraph::sim {

/// Objects as their JSON, by "index/docs" and so on.
class ClientFold {
 public:
  /// One object of a state's section; null: it was there already.
  std::shared_ptr<const Object> add(Family family, const base::Json& object);
  void apply(EventKind kind, const base::Json& message);
  [[nodiscard]] const Objects& objects() const { return objects_; }

 private:
  void put(Family family, const base::Json& object);
  void move_shard(const base::Json& message);

  Objects objects_;
  std::map<std::string, base::Json> indices_;
};

/// A client that follows the state, compared with the state of the history at every id it passes.
/// Lives as long as its owner follows: over reconnects, for one who resumes by the page's rules.
class Following {
 public:
  Following(std::string name, const History& history, Transcript& transcript)
      : name_(std::move(name)), history_(history), transcript_(transcript) {}

  void begin(std::uint64_t seq, ClientFold fold, const StateDue& due);
  void forget() { fold_.reset(); }
  [[nodiscard]] bool active() const { return fold_.has_value(); }
  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  void on_event(std::uint64_t seq, EventKind kind, const base::Json& message);
  /// Whether the client's view is the history's at `seq`, as far as it can follow.
  void compare(std::uint64_t seq);

 private:
  [[nodiscard]] bool follows(const Object& object);

  const std::string name_;
  const History& history_;
  Transcript& transcript_;
  std::optional<ClientFold> fold_;
  std::uint64_t seq_ = 0;
  std::vector<std::string> shown_;
  std::vector<std::string> subscribed_;
  Grants grants_;
  std::map<std::string, bool> follows_;
};

}  // namespace mlgraph::sim
