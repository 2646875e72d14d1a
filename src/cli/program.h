#pragma once
// The tree of commands, and what runs the one that was chosen.
#include <functional>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/context.h"

namespace mlgraph::cli {

/// Each family of commands adds itself (families.h). Options live in what the actions capture.
class Program {
 public:
  using Action = std::function<int(const Context&)>;
  Program();
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// `mlgraph` itself, which all commands are below.
  [[nodiscard]] Command root() const { return Command(app_.get()); }
  [[nodiscard]] const Flags& flags() const { return flags_; }
  /// A command below `parent`, which then needs one.
  Command group(Command parent, const std::string& name, const std::string& help);
  Command command(Command parent, const std::string& name, const std::string& help, Action action);
  /// One that needs no server: nothing is settled before it runs.
  Command local_command(
      Command parent, const std::string& name, const std::string& help, std::function<int()> action
  );

  int run(int argc, char** argv);

 private:
  const std::unique_ptr<CLI::App> app_;
  Flags flags_;
  std::function<int()> chosen_;
};

/// What an argument names, as help, man page and completion show it.
inline constexpr const char* kIndexName = "INDEX";
inline constexpr const char* kJobName = "JOB";
inline constexpr const char* kContextName = "CONTEXT";
inline constexpr const char* kFileName = "FILE";
inline constexpr const char* kTokenName = "TOKEN";
inline constexpr const char* kAlertName = "ALERT";
inline constexpr const char* kAliasName = "ALIAS";

}  // namespace mlgraph::cli
