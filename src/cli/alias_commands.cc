// mlgraph alias …: other names of indices.
#include <memory>

#include "cli/api.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

std::string show_aliases(const Context& context, const base::Json& answer) {
  Table table({"ALIAS", "INDEX"});
  for (const auto& alias : items_of(answer, "aliases"))
    table.row({text_of(alias, "alias"), text_of(alias, "index")});
  return table.empty() ? "no aliases\n" : table.text(context.terminal);
}

int set(const Context& context, const std::vector<std::string>& pairs) {
  if (pairs.size() % 2 != 0)
    return report({base::ErrorCode::kInvalidValue, "alias set takes pairs: ALIAS INDEX …", {}, {}});
  const auto body = json_object([&](auto& out) {
    out.key("aliases");
    out.array([&] {
      for (std::size_t at = 0; at < pairs.size(); at += 2)
        out.object([&] {
          out.member("alias", pairs[at]);
          out.member("index", pairs[at + 1]);
        });
    });
  });
  return show_answer(
      context, context.http().json("PUT", api_path({"aliases"}), body), show_aliases
  );
}

}  // namespace

void add_alias_commands(Program& program) {
  const auto group =
      program.group(program.root(), "alias", "other names of indices, switched at once");
  program.command(group, "list", "all aliases", [](const Context& context) {
    return get_and_show(context, api_path({"aliases"}), show_aliases);
  });
  const auto pairs = std::make_shared<std::vector<std::string>>();
  program
      .command(
          group,
          "set",
          "let aliases stand for indices, all of them at one moment",
          [pairs](const Context& context) { return set(context, *pairs); }
      )
      .add_option("pairs", *pairs, "ALIAS INDEX, any number of times")
      .required()
      .type_name(kIndexName);
  const auto name = std::make_shared<std::string>();
  program
      .command(
          group,
          "delete",
          "remove an alias; its index stays",
          [name](const Context& context) {
            return call_and_tell(
                context,
                "DELETE",
                api_path({"aliases", *name}),
                {},
                fmt::format("deleted {}", safe(*name))
            );
          }
      )
      .add_option("alias", *name, "the alias")
      .required()
      .type_name(kAliasName);
}

}  // namespace mlgraph::cli
