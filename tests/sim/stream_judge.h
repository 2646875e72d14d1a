#pragma once
// Reads what a session was sent, message by message, beside what it was due.
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/client_fold.h"
#include "sim/operation.h"

namespace mlgraph::sim {

/// Rules, each broken by a violation:
///   - an event is the history's, byte for byte; allowed by a pattern and by the scopes of its
///     moment; never twice; in log order, which goes back only where an older `since` was asked
///   - when an event (or a state, or a pong's id) passes, everything due before it has come
///   - each request has exactly its answers, in order, `subscribed` before its events
///   - a state is the history's at its id: due events up to it before, none beyond it
///   - samples never go back; the newest of each channel comes
///   - nothing follows a close frame
///
/// An event is due while a pattern that wants it is subscribed and every scope in force since the
/// event (or since the pattern, if later) sees it. One that only some of those scopes see may come
/// or not: that depends on how far the session had read when they changed.
class StreamJudge {
 public:
  StreamJudge(std::string name, Ground& ground, Following& following);

  /// The server has done something; `op.from` never falls.
  void expect(Operation op);
  /// What lay queued beyond `taken` bytes was dropped: only a frame begun before comes whole.
  void cut(std::uint64_t taken);
  /// A whole text message that began at byte `offset` of the stream.
  void on_message(std::uint64_t offset, const base::Json& message, std::string_view text);
  void on_close_frame(std::uint64_t offset, int code, std::optional<int> said);
  /// Everything has been read and the session lives: nothing may be owed.
  void finish();

  [[nodiscard]] std::size_t states_read() const { return states_read_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct Wanted {
    std::uint64_t begin = 0;
    std::size_t version = 0;  ///< of the scopes it was subscribed under
    std::uint64_t sampled = 0;
  };
  struct Version {
    Grants grants;
    std::uint64_t until = ~std::uint64_t{0};  ///< events there were when it ended
    std::uint64_t sampled = 0;                ///< samples there were when it began
  };
  struct Assembly {
    std::size_t parts = 0;
    std::vector<Grants> grants;  ///< in force at each part
    ClientFold fold;
    std::map<std::string, std::uint64_t> samples;
  };

  void reach(std::uint64_t offset);
  void take_effect(Operation& op);
  void end(const Operation& op);
  void judge_event(EventKind kind, const base::Json& message, std::string_view text);
  void judge_sample(EventKind kind, const base::Json& message);
  void judge_state(const base::Json& message);
  void take_part(const base::Json& data);
  void end_state();
  void check_objects(const StateDue& due, const Assembly& shown);
  void check_samples(const StateDue& due, const Assembly& shown);
  void judge_answer(std::uint64_t offset, const base::Json& message);
  void compare(const Answer& due, const base::Json& message);
  void check_passed(std::uint64_t seq, std::string_view by);
  [[nodiscard]] bool allowed(const model::Entry& entry) const;
  [[nodiscard]] bool due(const model::Entry& entry) const;
  [[nodiscard]] std::uint64_t seq_of(const base::Json& message) const;
  void check_newest_samples();

  const std::string name_;
  Ground& ground_;
  Following& following_;
  std::deque<Operation> ops_;
  bool in_effect_ = false;  ///< ops_.front()'s effect
  std::map<std::string, Wanted> patterns_;
  std::vector<Version> versions_{1};
  std::vector<bool> had_;
  std::uint64_t last_ = 0;  ///< the session is past it
  std::uint64_t narrowings_ = 0;
  std::deque<StateDue> states_;
  std::size_t states_read_ = 0;
  Assembly assembly_;
  std::map<std::string, std::uint64_t> sampled_;  ///< newest received of each channel
  std::map<std::string, std::uint64_t> shown_;    ///< and newest shown by a state
  bool closed_ = false;
};

}  // namespace mlgraph::sim
