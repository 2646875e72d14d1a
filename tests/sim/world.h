#pragma once
// A whole run: one seed, one history, some starts of the server, some clients.
#include <memory>
#include <string>
#include <vector>

#include "sim/client.h"
#include "sim/server.h"

namespace mlgraph::sim {

class World {
 public:
  explicit World(std::uint64_t seed, Fault fault = Fault::kNone);
  /// Chance, for so many steps; then everything comes to rest and is checked.
  void run(std::size_t steps);
  [[nodiscard]] const Transcript& transcript() const { return ground_.transcript; }

 private:
  void add_tokens();
  void add_clients();
  void start();
  void step();
  void offer_clients();
  void publish();
  void pass_time();
  void be_quiet();
  void advance(std::chrono::milliseconds by);
  void change_a_token();
  void trim();
  void restart();
  void come_to_rest();
  void check();

  Ground ground_;
  Scheduler scheduler_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace mlgraph::sim
