// mlgraph man (hidden): the man page, made of the command tree. docs/man/mlgraph.1 is its output,
// and a test holds one against the other.
#include <fmt/format.h>

#include "base/version.h"
#include "cli/api.h"
#include "cli/exit.h"
#include "cli/families.h"
#include "cli/program.h"
#include "cli/tree.h"

namespace mlgraph::cli {
namespace {

/// Text that groff prints as it stands.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out.push_back(c);
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string names_in_bold(const OptionNode& option) {
  std::string text;
  for (const auto& name : option.names)
    text += fmt::format("{}\\fB{}\\fR", text.empty() ? "" : ", ", roff(name));
  return option.takes_value ? text + " \\fI" + roff(option.type) + "\\fR" : text;
}

std::string details_of(const OptionNode& option) {
  std::string text = option.help;
  std::string choices;
  for (const auto& choice : option.choices) choices += (choices.empty() ? "" : ", ") + choice;
  if (!choices.empty()) text += ": " + choices;
  if (!option.default_text.empty()) text += " (" + option.default_text + ")";
  if (option.required) text += "; required";
  return roff(text);
}

std::string entry_of(const OptionNode& option) {
  return fmt::format(".TP\n{}\n{}\n", names_in_bold(option), details_of(option));
}

std::string usage(const std::string& name, const CommandNode& command) {
  std::string text = "\\fB" + roff(name) + "\\fR";
  for (const auto& option : command.positionals) {
    const auto word = "\\fI" + roff(option.name) + "\\fR" + (option.takes_many ? " ..." : "");
    text += option.required ? " " + word : " [" + word + "]";
  }
  return text;
}

void describe(const CommandNode& command, const std::string& name, std::string& out) {
  if (command.commands.empty()) {
    out += fmt::format(".SS {}\n{}.\n", usage(name, command), roff(command.help));
    for (const auto& option : command.positionals)
      out += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(option.name), details_of(option));
    for (const auto& option : command.options)
      if (!option.is_help) out += entry_of(option);
  }
  for (const auto& sub : command.commands) describe(sub, name + " " + sub.name, out);
}

std::string page(const CommandNode& root) {
  std::string global_options;
  for (const auto& option : root.options) global_options += entry_of(option);
  std::string out = fmt::format(
      ".\\\" Made by 'mlgraph man'.\n.TH MLGRAPH 1 \"\" \"mlgraph {}\" \"MLGraph\"\n"
      ".SH NAME\nmlgraph \\- the command line of an MLGraph server\n"
      ".SH SYNOPSIS\n.B mlgraph\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n"
      ".SH DESCRIPTION\n"
      "mlgraphd holds vector indices and tells what happens to them as events. mlgraph makes,\n"
      "fills, searches and watches them. Tables are for people, \\fB\\-\\-json\\fR is for "
      "scripts.\n"
      "Options of all commands may stand before or behind the command.\n"
      ".SH OPTIONS\n{}.SH COMMANDS\n",
      base::kVersion,
      global_options
  );
  describe(root, "mlgraph", out);
  out += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : kExitMeanings)
    out += fmt::format(".TP\n.B {}\n{}\n", roff(code), roff(meaning));
  out +=
      ".SH ENVIRONMENT\n"
      ".TP\n.B MLGRAPH_URL\nThe server's address, unless \\fB\\-\\-server\\fR or "
      "\\fB\\-\\-context\\fR says it.\n"
      ".TP\n.B MLGRAPH_TOKEN\nThe token, unless \\fB\\-\\-token\\-file\\fR or the context that "
      "\\fB\\-\\-context\\fR names has one.\n"
      ".TP\n.B MLGRAPH_BACKOFF\nSeconds: the first reconnect delay's bound of \\fBwatch\\fR.\n"
      ".TP\n.B NO_COLOR\nNo colours, also on a terminal.\n"
      ".SH FILES\n"
      ".TP\n.I $XDG_CONFIG_HOME/mlgraph/contexts.toml\nStored contexts; ~/.config where the "
      "variable is not set. Only its owner may read it.\n"
      ".SH SEE ALSO\n.BR mlgraphd (8)\n";
  return out;
}

}  // namespace

void add_man(Program& program) {
  const auto print = [&program] { return emit(page(read_tree(program.root()))); };
  program.local_command(program.root(), "man", "the man page", print).hide();
}

}  // namespace mlgraph::cli
