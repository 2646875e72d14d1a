// mlgraph context …: named servers.
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/api.h"
#include "cli/context_store.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/table.h"
#include "model/names.h"

namespace mlgraph::cli {
namespace {

using base::ErrorCode;

struct Add {
  std::string name;
  std::string url;
  std::string token_file;
  std::string ca_file;
  bool reads_token = false;
};

std::string absolute(const std::string& file) {
  return file.empty() ? file : std::filesystem::absolute(file).lexically_normal().string();
}

/// The place the token comes from, never the token.
std::string token_source(const StoredContext& context) {
  if (!context.token_file.empty()) return "file " + context.token_file;
  return context.token.empty() ? "none" : "stored";
}

base::Result<StoredContext> make_stored(const Add& what, const Flags& flags) {
  if (!model::is_token(what.name))
    return base::fail(
        ErrorCode::kInvalidValue,
        "'{}' is no name of a context: letters, digits, _ and -, at most 64",
        safe(what.name)
    );
  MLG_TRY(parsed, client::parse_server_url(what.url));
  static_cast<void>(parsed);
  // As options of this command they are global ones, which any place of the line may give.
  StoredContext context{what.url, {}, absolute(flags.token_file), absolute(flags.ca_file)};
  if (what.reads_token && !context.token_file.empty())
    return base::fail(
        ErrorCode::kInvalidValue, "context add takes --token-stdin or --token-file, one of both"
    );
  if (what.reads_token) {
    MLG_TRY(token, read_token(std::cin, "standard input"));
    context.token = token;
  } else if (!context.token_file.empty()) {
    MLG_TRY(token, read_token(context.token_file));
    if (is_open_to_others(context.token_file))
      return base::fail(
          ErrorCode::kInvalidValue,
          "others may read {}: chmod 600 {}",
          context.token_file,
          context.token_file
      );
  }
  return context;
}

int add(const Add& what, const Flags& flags) {
  auto contexts = load_contexts();
  if (!contexts) return report(contexts.error());
  auto context = make_stored(what, flags);
  if (!context) return report(context.error());
  contexts->named[what.name] = *context;
  if (contexts->current.empty()) contexts->current = what.name;
  if (const auto saved = save_contexts(*contexts); !saved) return report(saved.error());
  return emit(fmt::format(
      "{} is {}{}\n",
      what.name,
      context->url,
      contexts->current == what.name ? ", used from now on" : ""
  ));
}

/// `change` is given the contexts and the name's own.
int with_context(
    const std::string& name, const std::function<int(Contexts&, const StoredContext&)>& then
) {
  auto contexts = load_contexts();
  if (!contexts) return report(contexts.error());
  const auto found = contexts->named.find(name.empty() ? contexts->current : name);
  if (found == contexts->named.end()) return report(unknown_context(*contexts, name));
  return then(*contexts, found->second);
}

int use(const std::string& name) {
  return with_context(name, [&](Contexts& contexts, const StoredContext& context) {
    contexts.current = name;
    if (const auto saved = save_contexts(contexts); !saved) return report(saved.error());
    return emit(fmt::format("using {} ({})\n", name, context.url));
  });
}

int remove(const std::string& name) {
  return with_context(name, [&](Contexts& contexts, const StoredContext&) {
    contexts.named.erase(name);
    if (contexts.current == name) contexts.current.clear();
    if (const auto saved = save_contexts(contexts); !saved) return report(saved.error());
    return emit(fmt::format("removed {}\n", name));
  });
}

void write_context(
    base::JsonWriter& out, const std::string& name, const StoredContext& context, bool current
) {
  out.object([&] {
    out.member("name", name);
    out.member("url", context.url);
    out.member("token", token_source(context));
    out.member("ca", context.ca_file);
    out.member("current", current);
  });
}

int show(const std::string& name, const Flags& flags) {
  return with_context(name, [&](Contexts& contexts, const StoredContext& context) {
    const std::string& shown = name.empty() ? contexts.current : name;
    if (flags.json) {
      std::string text;
      base::JsonWriter out(text);
      write_context(out, shown, context, shown == contexts.current);
      return emit(text + "\n");
    }
    return emit(fmt::format(
        "name   {}{}\nurl    {}\ntoken  {}\nca     {}\n",
        shown,
        shown == contexts.current ? " (current)" : "",
        safe(context.url),
        safe(token_source(context)),
        context.ca_file.empty() ? "the system's" : safe(context.ca_file)
    ));
  });
}

int list(const Flags& flags) {
  const auto contexts = load_contexts();
  if (!contexts) return report(contexts.error());
  if (flags.json) {
    std::string text;
    base::JsonWriter out(text);
    out.array([&] {
      for (const auto& [name, context] : contexts->named)
        write_context(out, name, context, name == contexts->current);
    });
    return emit(text + "\n");
  }
  Table table({"", "CONTEXT", "URL", "TOKEN"});
  for (const auto& [name, context] : contexts->named)
    table.row(
        {name == contexts->current ? "*" : "", name, safe(context.url), safe(token_source(context))}
    );
  if (table.empty()) return emit("no contexts; mlgraph context add NAME URL makes one\n");
  return emit(table.text(Terminal()));
}

}  // namespace

void add_context_commands(Program& program) {
  const auto group =
      program.group(program.root(), "context", "named servers: address, token, certificates");
  const auto what = std::make_shared<Add>();
  auto add_one = program.local_command(
      group,
      "add",
      "store a server, with --token-file and --ca, or put it in another's place",
      [what, &program] { return add(*what, program.flags()); }
  );
  add_one.add_option("name", what->name, "what to call it").required().type_name(kContextName);
  add_one.add_option("url", what->url, "http://HOST:PORT or https://HOST:PORT")
      .required()
      .type_name("URL");
  add_one.add_flag("--token-stdin", what->reads_token, "store the token that standard input holds");
  const auto name = std::make_shared<std::string>();
  const auto named = [&](const char* verb, const char* help, std::function<int()> action) {
    return program.local_command(group, verb, help, std::move(action))
        .add_option("name", *name, "the context")
        .type_name(kContextName);
  };
  named("use", "make it the one that commands speak to", [name] { return use(*name); }).required();
  program.local_command(group, "list", "all of them", [&program] { return list(program.flags()); });
  named("show", "one of them, or the current one; never its token", [name, &program] {
    return show(*name, program.flags());
  });
  named("remove", "forget it", [name] { return remove(*name); }).required();
}

}  // namespace mlgraph::cli
