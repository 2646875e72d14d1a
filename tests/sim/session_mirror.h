#pragma once
// What a session ought to answer: who it is, its patterns and scopes, as docs/protocol.md says.
#include <deque>
#include <optional>
#include <string>

#include "sim/ask.h"
#include "sim/operation.h"

namespace mlgraph::sim {

/// Told of everything before the server does it, in the server's order; foretells the outcome.
class SessionMirror {
 public:
  explicit SessionMirror(Ground& ground) : ground_(ground) {}

  [[nodiscard]] Operation on_accept(const std::optional<std::string>& bearer);
  [[nodiscard]] Operation on_ask(const Ask& ask);
  /// `token` as it stood right after the change.
  [[nodiscard]] Operation on_token_change(const Token& token);
  [[nodiscard]] Operation on_tick();
  [[nodiscard]] Operation on_drain();
  void on_closed() { closing_ = true; }
  /// Once all that was posted has run: it has heard of every change of its token.
  void check(std::string_view name) const;

  [[nodiscard]] const std::vector<std::string>& patterns() const { return patterns_; }
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  [[nodiscard]] Operation begin(std::string what) const;
  /// false: it was refused, in `op`.
  bool authenticate(const std::string& secret, const std::string& ref, Operation& op);
  void become(const Token& token, Operation& op);
  void narrow(const Grants& grants, Operation& op);
  void on_auth(const Ask& ask, Operation& op);
  void on_subscribe(const Ask& ask, Operation& op);
  void on_unsubscribe(const Ask& ask, Operation& op);
  void on_sync(const Ask& ask, Operation& op);
  /// false: one of the channels is refused.
  bool judge_channels(const Ask& ask, Operation& op);
  [[nodiscard]] StateDue state_due(std::vector<std::string> shown, const std::string& ref) const;
  /// false: there are too many requests, and that is answered in `op`.
  [[nodiscard]] bool within_rate(const std::string& ref, Operation& op);
  void error(const char* code, const std::string& ref, Operation& op) const;
  void offend(const char* code, const std::string& ref, Operation& op);
  void close(int code, Operation& op);
  [[nodiscard]] bool has(const std::string& pattern) const;

  Ground& ground_;
  base::SteadyTime opened_at_;
  std::optional<Token> token_;  ///< as of its last change
  Grants grants_;
  std::vector<std::string> patterns_;
  std::deque<base::SteadyTime> offences_;
  std::deque<base::SteadyTime> refusals_;
  double budget_ = 0;  ///< requests, at `budget_at_`
  base::SteadyTime budget_at_;
  std::uint64_t narrowings_ = 0;
  bool said_hello_ = false;
  bool told_expiring_ = false;
  bool closing_ = false;
};

}  // namespace mlgraph::sim
