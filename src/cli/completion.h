#pragma once
#include <string>
#include <vector>

namespace mlgraph::cli {

class Program;

/// What the shells' scripts ask for as `mlgraph __complete WORD…`, the last word being the one that
/// is typed: the words of the command tree that go on, a line each, a tab, what it is. Names of
/// indices, jobs, … are asked of the server, which has a second to answer; ":file" stands for the
/// shell's own completion of files.
inline constexpr const char* kCompleteCommand = "__complete";
int complete(Program& program, const std::vector<std::string>& words);

}  // namespace mlgraph::cli
