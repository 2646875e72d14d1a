#pragma once
#include "sim/client.h"

namespace mlgraph::sim {

/// Follows the page's rules: one subscription, resumed after every break with `since` its last id
/// and `state` where that is refused. What the page promises it: its view is the state at every id,
/// and unless it was told recovered: false, it has had each matching event exactly once.
class FaithfulClient final : public Client {
 public:
  FaithfulClient(
      std::string name,
      Ground& ground,
      Connect connect,
      std::string secret,
      std::vector<std::string> channels
  );
  void act() override;
  bool settle() override;
  void check() override;

 private:
  void on_message(const base::Json& message) override;
  void on_ended(std::optional<int> code) override;
  void connect();
  void lose();
  void take_id(const base::Json& message);

  const std::string secret_;
  const std::vector<std::string> channels_;
  std::string last_id_;        ///< empty: nothing to resume from yet
  std::uint64_t first_ = 0;    ///< the id it began at
  bool awaits_state_ = false;  ///< ids before that state do not count
  bool lost_ = false;          ///< was told so
  std::map<std::uint64_t, std::size_t> had_;
};

}  // namespace mlgraph::sim
