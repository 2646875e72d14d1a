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

std::string names_in_bold(const CLI::Option* option) {
  std::string text;
  for (const auto& name : names_of(option))
    text += fmt::format("{}\\fB{}\\fR", text.empty() ? "" : ", ", roff(name));
  return takes_value(option) ? text + " \\fI" + roff(type_of(option)) + "\\fR" : text;
}

std::string details_of(const CLI::Option* option) {
  std::string text = option->get_description();
  std::string choices;
  for (const auto& choice : choices_of(option)) choices += (choices.empty() ? "" : ", ") + choice;
  if (!choices.empty()) text += ": " + choices;
  if (!option->get_default_str().empty()) text += " (" + option->get_default_str() + ")";
  if (option->get_required()) text += "; required";
  return roff(text);
}

std::string option_list(const CLI::App* command) {
  std::string text;
  for (const auto* option : options_of(command)) {
    if (option == command->get_help_ptr() && command->get_parent()) continue;
    text += fmt::format(".TP\n{}\n{}\n", names_in_bold(option), details_of(option));
  }
  return text;
}

std::string usage(const std::string& name, const CLI::App* command) {
  std::string text = "\\fB" + roff(name) + "\\fR";
  for (const auto* option : positionals_of(command)) {
    const auto word = "\\fI" + roff(option->get_single_name()) + "\\fR" +
                      (option->get_items_expected_max() > 1 ? " ..." : "");
    text += option->get_required() ? " " + word : " [" + word + "]";
  }
  return text;
}

void describe(CLI::App* command, const std::string& name, std::string& out) {
  const auto below = commands_of(command);
  if (below.empty()) {
    out += fmt::format(".SS {}\n{}.\n", usage(name, command), roff(command->get_description()));
    for (const auto* option : positionals_of(command))
      out +=
          fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(option->get_single_name()), details_of(option));
    out += option_list(command);
  }
  for (auto* sub : below) describe(sub, name + " " + sub->get_name(), out);
}

std::string page(CLI::App& app) {
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
      option_list(&app)
  );
  describe(&app, "mlgraph", out);
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
  program
      .local_command(
          program.app(), "man", "the man page", [&program] { return emit(page(program.app())); }
      )
      ->group("");
}

}  // namespace mlgraph::cli
