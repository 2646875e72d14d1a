#include "cli/program.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/nearest.h"
#include "base/version.h"
#include "cli/api.h"
#include "cli/exit.h"
#include "cli/json_view.h"
#include "cli/output.h"

namespace mlgraph::cli {
namespace {

/// The deepest command that was understood.
CLI::App* last_understood(CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return app;
}

std::vector<std::string> option_names(const CLI::App* command) {
  std::vector<std::string> names;
  for (; command != nullptr; command = command->get_parent())
    for (const auto* option : command->get_options())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> command_names(CLI::App* command) {
  std::vector<std::string> names;
  for (const auto* sub : command->get_subcommands([](CLI::App*) { return true; }))
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  return names;
}

std::string full_name(const CLI::App* command) {
  return command->get_parent() ? full_name(command->get_parent()) + " " + command->get_name()
                               : "mlgraph";
}

/// What is wrong with the command line, in one line, with the nearest that would be right.
std::string describe(CLI::App& app, const CLI::ParseError& error) {
  CLI::App* command = last_understood(&app);
  const auto left = app.remaining(true);
  if (left.empty()) return full_name(command) + ": " + error.what();
  const std::string& word = left.front();
  if (word.starts_with('-') && word.size() > 1) {
    const auto name = word.substr(0, word.find('='));
    const auto known = option_names(command);
    return fmt::format(
        "{}: unknown option '{}', did you mean '{}'?",
        full_name(command),
        safe(name),
        base::nearest(name, known)
    );
  }
  const auto known = command_names(command);
  if (known.empty())
    return fmt::format("{}: one argument too many: '{}'", full_name(command), safe(word));
  return fmt::format(
      "{}: unknown command '{}', did you mean '{}'?",
      full_name(command),
      safe(word),
      base::nearest(word, known)
  );
}

std::string exit_codes() {
  std::string text = "Exit codes:\n";
  for (const auto& [code, meaning] : kExitMeanings)
    text += fmt::format("  {:<26}{}\n", code, meaning);
  return text;
}

}  // namespace

Program::Program()
    : app_(std::make_unique<CLI::App>(
          "Vector indices you can watch: the command line of an MLGraph server.", "mlgraph"
      )) {
  app_->require_subcommand(1);
  app_->fallthrough();
  app_->set_version_flag("--version", std::string("mlgraph ") + base::kVersion);
  app_->footer(exit_codes());
  Command all = root();
  all.add_option("--context", flags_.context, "a stored server (mlgraph context list)")
      .type_name(kContextName);
  all.add_option("--server", flags_.server, "its address, http://127.0.0.1:7700 (MLGRAPH_URL)")
      .type_name("URL");
  all.add_option(
         "--token-file",
         flags_.token_file,
         "file whose first line is the token, read again when it expires (else MLGRAPH_TOKEN)"
  )
      .type_name(kFileName);
  all.add_option("--ca", flags_.ca_file, "certificates to trust instead of the system's")
      .type_name(kFileName);
  all.add_flag("--insecure", flags_.insecure, "do not check the server's certificate");
  all.add_flag("--json", flags_.json, "JSON instead of text");
  all.add_option("--timeout", flags_.timeout_seconds, "how long to wait for a silent server")
      .type_name("SECONDS")
      .in_range(0.1, 86'400.0)
      .capture_default();
}

Program::~Program() = default;

Command Program::group(Command parent, const std::string& name, const std::string& help) {
  auto* group = parent.app()->add_subcommand(name, help);
  group->footer("");
  group->require_subcommand(1);
  return Command(group);
}

Command Program::command(
    Command parent, const std::string& name, const std::string& help, Action action
) {
  return local_command(parent, name, help, [this, action = std::move(action)] {
    const auto context = make_context(flags_);
    return context ? action(*context) : report(context.error());
  });
}

Command Program::local_command(
    Command parent, const std::string& name, const std::string& help, std::function<int()> action
) {
  auto* command = parent.app()->add_subcommand(name, help);
  command->footer("Options of all commands, and the exit codes: mlgraph --help\n");
  command->callback([this, action = std::move(action)] { chosen_ = action; });
  return Command(command);
}

int Program::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app_->exit(asked);
  } catch (const CLI::ParseError& error) {
    note(describe(*app_, error));
    note("  " + full_name(last_understood(app_.get())) + " --help shows what there is");
    return kUsage;
  }
  return chosen_();
}

}  // namespace mlgraph::cli
