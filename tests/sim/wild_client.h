#pragma once
#include "sim/client.h"

namespace mlgraph::sim {

/// Does anything a client may do, in any order, and some things that it may not.
class WildClient final : public Client {
 public:
  using Client::Client;
  void act() override;
  bool settle() override { return false; }
  void check() override {
    if (session_ && !session_->mirror.closing()) session_->judge.finish();
  }

 private:
  void on_message(const base::Json& message) override;
  void on_ended(std::optional<int>) override {}
  void connect();
  void subscribe();
  void unsubscribe();
  void sync();
  void authenticate();
  void send_garbage();
  void burst();
  [[nodiscard]] std::string some_secret();
  [[nodiscard]] std::optional<std::string> some_since();
  [[nodiscard]] std::string maybe_ref() {
    return ground_.random.one_in(3) ? std::string() : next_ref();
  }

  std::string last_id_;
};

}  // namespace mlgraph::sim
