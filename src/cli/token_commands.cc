// mlgraph token …: who may do what.
#include <memory>

#include "cli/api.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

using base::Json;

struct NewToken {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<std::uint64_t> expires_in_seconds;
  std::optional<std::uint64_t> rate_limit_per_minute;
};

int create_token(const Context& context, const NewToken& what) {
  const auto body = json_object([&](auto& out) {
    out.member("name", what.name);
    out.key("scopes");
    out.array([&] {
      for (const auto& scope : what.scopes) out.value(scope);
    });
    if (what.expires_in_seconds) out.member("expires_in_seconds", *what.expires_in_seconds);
    if (what.rate_limit_per_minute)
      out.member("rate_limit_per_minute", *what.rate_limit_per_minute);
  });
  return show_answer(
      context,
      context.http().json("POST", api_path({"tokens"}), body),
      [](const Context&, const Json& token) { return text_of(token, "token") + "\n"; }
  );
}

std::string show_tokens(const Context& context, const Json& answer) {
  Table table({"TOKEN", "EXPIRES", ">PER MINUTE", "SCOPES"});
  for (const auto& token : items_of(answer, "tokens"))
    table.row(
        {text_of(token, "name"),
         text_of(token, "expires_at", "never"),
         child(token, "rate_limit_per_minute").is_null()
             ? "no limit"
             : commas_of(token, "rate_limit_per_minute"),
         words_of(token, "scopes")}
    );
  return table.empty() ? "no tokens but the admin's\n" : table.text(context.terminal);
}

}  // namespace

void add_token_commands(Program& program) {
  const auto group = program.group(program.root(), "token", "create, list, revoke tokens");
  const auto what = std::make_shared<NewToken>();
  auto made = program.command(
      group,
      "create",
      "make a token; its secret is printed once",
      [what](const Context& context) { return create_token(context, *what); }
  );
  made.add_option("name", what->name, "its name").required();
  made.add_option(
          "--scope",
          what->scopes,
          "events:CHANNELS, read:, search: or write:INDEX, or admin; repeat"
  )
      .required()
      .type_name("SCOPE");
  made.add_option("--expires-in", what->expires_in_seconds, "from now").type_name("SECONDS");
  made.add_option("--per-minute", what->rate_limit_per_minute, "requests").type_name("COUNT");
  program.command(group, "list", "all tokens, without their secrets", [](const Context& context) {
    return get_and_show(context, api_path({"tokens"}), show_tokens);
  });
  const auto name = std::make_shared<std::string>();
  program
      .command(
          group,
          "revoke",
          "revoke a token and close its sessions",
          [name](const Context& context) {
            return call_and_tell(
                context,
                "DELETE",
                api_path({"tokens", *name}),
                {},
                fmt::format("revoked {}", safe(*name))
            );
          }
      )
      .add_option("name", *name, "the token's name")
      .required()
      .type_name(kTokenName);
}

}  // namespace mlgraph::cli
