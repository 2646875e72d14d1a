// mlgraph alert …: open alerts and the rules that raise them.
#include <cstdlib>
#include <memory>

#include "cli/api.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

using base::Json;

struct Rule {
  std::string name;
  std::string metric;
  std::string warn;
  std::string error;
  std::string clear;
  std::optional<std::uint64_t> for_seconds;
  bool enable = false;
  bool disable = false;
};

std::string show_alerts(const Context& context, const Json& answer) {
  Table table({"ALERT", "SEVERITY", "SINCE", "ACKNOWLEDGED", "WHAT"});
  for (const auto& alert : items_of(answer, "alerts"))
    table.row(
        {text_of(alert, "alertId"),
         context.terminal.paint(
             text_of(alert, "severity") == "error" ? Color::kRed : Color::kYellow,
             text_of(alert, "severity")
         ),
         text_of(alert, "since"),
         text_of(alert, "acknowledged_at"),
         text_of(alert, "title") + ": " + text_of(alert, "message")}
    );
  return table.empty() ? "no open alerts\n" : table.text(context.terminal);
}

std::string level_of(const Json& rule, std::string_view key) {
  const auto& level = child(rule, key);
  return level.is_null() ? "-" : fmt::format("{:g}", number_of(rule, key));
}

std::string show_rules(const Context& context, const Json& answer) {
  Table table({"RULE", "METRIC", "", ">WARN", ">ERROR", ">CLEAR", ">FOR", "ENABLED"});
  for (const auto& rule : items_of(answer, "rules"))
    table.row(
        {text_of(rule, "rule"),
         text_of(rule, "metric"),
         text_of(rule, "comparison"),
         level_of(rule, "warn"),
         level_of(rule, "error"),
         level_of(rule, "clear"),
         human_seconds(number_of(rule, "for_seconds")),
         child(rule, "enabled").as_bool() && *child(rule, "enabled").as_bool() ? "yes" : "no"}
    );
  return table.text(context.terminal);
}

int set_rule(const Context& context, const Rule& what) {
  const auto body = json_object([&](auto& out) {
    const auto level = [&](const char* name, const std::string& value) {
      if (value.empty()) return;
      out.key(name);
      if (value == "none")
        out.null();
      else
        out.value(std::strtod(value.c_str(), nullptr));
    };
    if (!what.metric.empty()) out.member("metric", what.metric);
    level("warn", what.warn);
    level("error", what.error);
    level("clear", what.clear);
    if (what.for_seconds) out.member("for_seconds", *what.for_seconds);
    if (what.enable || what.disable) out.member("enabled", what.enable);
  });
  return call_and_tell(
      context,
      "PUT",
      api_path({"alert-rules", what.name}),
      body,
      fmt::format("changed rule {}", safe(what.name))
  );
}

}  // namespace

void add_alert_commands(Program& program) {
  const auto group =
      program.group(program.root(), "alert", "open alerts and the rules that raise them");
  program.command(group, "list", "open alerts", [](const Context& context) {
    return get_and_show(context, api_path({"alerts"}), show_alerts);
  });
  const auto id = std::make_shared<std::string>();
  program
      .command(
          group,
          "ack",
          "acknowledge an alert: it stays open, and says so",
          [id](const Context& context) {
            return call_and_tell(
                context,
                "POST",
                api_path({"alerts", *id, "ack"}),
                "{}",
                fmt::format("acknowledged {}", safe(*id))
            );
          }
      )
      .add_option("alert", *id, "its alertId")
      .required()
      .type_name(kAlertName);
  program.command(group, "rules", "the rules", [](const Context& context) {
    return get_and_show(context, api_path({"alert-rules"}), show_rules);
  });
  const auto rule = std::make_shared<Rule>();
  auto changed = program.command(
      group,
      "set-rule",
      "change a rule, or add one",
      [rule](const Context& context) { return set_rule(context, *rule); }
  );
  changed.add_option("rule", rule->name, "its name").required().type_name("RULE");
  changed.add_option("--metric", rule->metric, "what a new rule measures");
  changed.add_option("--warn", rule->warn, "level of a warning").number_or("none");
  changed.add_option("--error", rule->error, "level of an error").number_or("none");
  changed.add_option("--clear", rule->clear, "level at which an alert resolves").number();
  changed.add_option("--for", rule->for_seconds, "how long a level must hold").type_name("SECONDS");
  const auto enable = changed.add_flag("--enable", rule->enable, "judge by it");
  changed.add_flag("--disable", rule->disable, "keep it, but do not judge by it").excludes(enable);
}

}  // namespace mlgraph::cli
