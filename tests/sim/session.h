#pragma once
#include <memory>
#include <optional>
#include <string>

#include "sim/session_mirror.h"
#include "sim/stream_judge.h"
#include "sim/wire.h"

namespace mlgraph::sim {

/// One connection of a client, with its oracle: what it was told to expect, and what has come.
struct Session {
  Session(std::string called, Ground& ground, Following& following, std::size_t capacity)
      : name(called), wire(capacity), mirror(ground), judge(std::move(called), ground, following) {}
  std::string name;
  Wire wire;
  SessionMirror mirror;
  StreamJudge judge;
  std::optional<std::string> bearer;
  std::size_t loop = 0;
  std::optional<int> closed_with;  ///< by the server
};

}  // namespace mlgraph::sim
