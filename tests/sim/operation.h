#pragma once
// One thing the server did on a session (a request served, a tick, a token's change): what it must
// answer, and what it changes about what the session is due. It stands at a place in the session's
// stream of bytes: answers and effect lie within from..to.
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sim/ground.h"

namespace mlgraph::sim {

/// A message that is no event and no state.
struct Answer {
  std::string type;
  std::string ref;
  std::string code;                                  ///< of an error
  std::optional<std::vector<std::string>> channels;  ///< all patterns after it
  std::string id;                                    ///< exactly; empty: not said
  std::optional<bool> recovered;
  bool tells_position = false;  ///< a pong's id: everything due up to it came before
  bool has_reason = false;
};

/// A state that was asked for.
struct StateDue {
  std::uint64_t seq = 0;
  std::string ref;
  std::vector<std::string> shown;       ///< patterns it covers
  std::vector<std::string> subscribed;  ///< patterns that tell what happens after it
  Grants grants;
  Samples samples;
  std::uint64_t narrowings = 0;  ///< of the session so far: a later one ends the following
};

struct Operation {
  std::string what;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::deque<Answer> answers;

  std::uint64_t published = 0;  ///< events and
  std::uint64_t sampled = 0;    ///< samples there were
  std::vector<std::string> added;
  std::uint64_t begin = 0;  ///< events after it are due to the patterns added
  std::vector<std::string> removed;
  std::optional<Grants> grants;
  bool narrows = false;  ///< patterns or scopes went
  std::optional<StateDue> state;
  std::optional<int> close;
};

}  // namespace mlgraph::sim
