// mlgraph completion SHELL: the script; and what it asks for.
#include "cli/completion.h"

#include <algorithm>
#include <array>
#include <memory>

#include "cli/api.h"
#include "cli/context_store.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/tree.h"

namespace mlgraph::cli {
namespace {

constexpr const char* kBash =
    R"sh(# mlgraph: completion for bash. In ~/.bashrc: source <(mlgraph completion bash)
_mlgraph() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :file ]]; then
      compopt -o default
      continue
    fi
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _mlgraph mlgraph
)sh";

constexpr const char* kZsh = R"sh(#compdef mlgraph
# mlgraph: completion for zsh. In ~/.zshrc, behind compinit: source <(mlgraph completion zsh)
_mlgraph() {
  local line
  local -a found
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :file ]]; then
      _files
      continue
    fi
    [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe -t commands mlgraph found
}
compdef _mlgraph mlgraph
)sh";

constexpr const char* kFish =
    R"sh(# mlgraph: completion for fish. mlgraph completion fish > ~/.config/fish/completions/mlgraph.fish
function __mlgraph_complete
    set -l before (commandline -opc)
    for line in ($before[1] __complete $before[2..-1] (commandline -ct) 2>/dev/null)
        if test "$line" = ":file"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c mlgraph -f -a '(__mlgraph_complete)'
)sh";

/// A list of the server's, and the member of its items that names them.
struct NamedByServer {
  const char* type;
  const char* path;
  const char* list;
  const char* member;
};
constexpr std::array kNamedByServer = {
    NamedByServer{kIndexName, "indices", "indices", "index_id"},
    NamedByServer{kJobName, "jobs", "jobs", "jobId"},
    NamedByServer{kTokenName, "tokens", "tokens", "name"},
    NamedByServer{kAlertName, "alerts", "alerts", "alertId"},
    NamedByServer{kAliasName, "aliases", "aliases", "alias"},
};

/// Reads the words before the one that is typed.
class Place {
 public:
  Place(const CommandNode& root, const Flags& flags) : path_{&root}, flags_(flags) {}

  void pass(const std::string& word) {
    if (awaited_) {
      keep(word);
      awaited_ = nullptr;
    } else if (word.starts_with('-') && word.size() > 1) {
      awaited_ = word.find('=') == std::string::npos ? option_named(word) : nullptr;
      if (awaited_ && !awaited_->takes_value) awaited_ = nullptr;
    } else if (const auto* sub = command_named(word)) {
      path_.push_back(sub);
    } else {
      ++positional_;
    }
  }

  [[nodiscard]] const CommandNode& command() const { return *path_.back(); }
  /// All options that are known here, the command's own before those of the ones above it.
  [[nodiscard]] std::vector<const OptionNode*> options() const {
    std::vector<const OptionNode*> options;
    for (auto command = path_.rbegin(); command != path_.rend(); ++command)
      for (const auto& option : (*command)->options) options.push_back(&option);
    return options;
  }
  [[nodiscard]] const Flags& flags() const { return flags_; }
  /// Whose value is typed: an option's, or the positional argument's that is next; nullptr: none.
  [[nodiscard]] const OptionNode* value_of() const {
    if (awaited_) return awaited_;
    const auto& positionals = command().positionals;
    if (positional_ < positionals.size()) return &positionals[positional_];
    return !positionals.empty() && positionals.back().takes_many ? &positionals.back() : nullptr;
  }
  [[nodiscard]] bool awaits_value() const { return awaited_ != nullptr; }

 private:
  [[nodiscard]] const CommandNode* command_named(const std::string& word) const {
    for (const auto& sub : command().commands)
      if (sub.name == word) return &sub;
    return nullptr;
  }

  [[nodiscard]] const OptionNode* option_named(const std::string& word) const {
    for (const auto* option : options())
      for (const auto& name : option->names)
        if (name == word) return option;
    return nullptr;
  }

  void keep(const std::string& value) {
    const auto& name = awaited_->name;
    if (name == "context") flags_.context = value;
    if (name == "server") flags_.server = value;
    if (name == "token-file") flags_.token_file = value;
    if (name == "ca") flags_.ca_file = value;
  }

  std::vector<const CommandNode*> path_;  ///< from the root to the command that was named
  Flags flags_;
  const OptionNode* awaited_ = nullptr;
  std::size_t positional_ = 0;
};

class Candidates {
 public:
  explicit Candidates(std::string typed) : typed_(std::move(typed)) {}
  void offer(const std::string& word, const std::string& help = {}) {
    if (word.starts_with(typed_)) text_ += word + "\t" + help + "\n";
  }
  void offer_files() { text_ += ":file\n"; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string typed_;
  std::string text_;
};

void offer_names(const NamedByServer& named, const Flags& flags, Candidates& out) {
  auto context = make_context(flags);
  if (!context) return;
  context->timeouts = {std::chrono::seconds(1), std::chrono::seconds(1)};
  const auto answer = context->http().json("GET", api_path({named.path}));
  if (!answer) return;
  for (const auto& item : items_of(*answer, named.list)) out.offer(text_of(item, named.member));
}

void offer_values(const OptionNode& option, const Flags& flags, Candidates& out) {
  for (const auto& choice : option.choices) out.offer(choice);
  const auto& type = option.type;
  if (type == kFileName || type == "DIR") out.offer_files();
  if (type == kContextName)
    if (const auto contexts = load_contexts())
      for (const auto& [name, context] : contexts->named) out.offer(name, context.url);
  for (const auto& named : kNamedByServer)
    if (type == named.type) offer_names(named, flags, out);
}

int print_script(const std::string& shell) {
  return emit(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
}

}  // namespace

int complete(Program& program, const std::vector<std::string>& words) {
  const std::string typed = words.empty() ? "" : words.back();
  const CommandNode root = read_tree(program.root());
  Place place(root, program.flags());
  for (std::size_t at = 0; at + 1 < words.size(); ++at) place.pass(words[at]);
  Candidates out(typed);
  if (!place.awaits_value() && typed.starts_with('-')) {
    for (const auto* option : place.options())
      for (const auto& name : option->names)
        if (name.starts_with("--")) out.offer(name, option->help);
  } else {
    if (!place.awaits_value())
      for (const auto& sub : place.command().commands) out.offer(sub.name, sub.help);
    if (const auto* option = place.value_of()) offer_values(*option, place.flags(), out);
  }
  return emit(out.text());
}

void add_completion(Program& program) {
  const auto shell = std::make_shared<std::string>();
  program
      .local_command(
          program.root(),
          "completion",
          "a script that completes commands, options and names, for bash, zsh or fish",
          [shell] { return print_script(*shell); }
      )
      .add_option("shell", *shell, "which")
      .required()
      .one_of({"bash", "zsh", "fish"});
}

}  // namespace mlgraph::cli
