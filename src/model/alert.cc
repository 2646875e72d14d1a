#include "model/alert.h"

#include "model/enum_names.h"
#include "model/fields.h"

namespace mlgraph::model {
namespace {
constexpr EnumNames<Severity, 4> kSeverities{{"warning", "error", "resolved", "rate_limit"}};
}

std::string_view name_of(Severity severity) { return kSeverities[severity]; }
std::optional<Severity> parse_severity(std::string_view name) { return kSeverities.parse(name); }

void write(base::JsonWriter& out, const Alert& alert) {
  out.object([&] {
    out.member("alertId", alert.alert_id);
    out.member("severity", name_of(alert.severity));
    out.member("title", alert.title);
    out.member("message", alert.message);
    out.member("metadata", alert.metadata);
    out.member("rule", alert.rule);
    out.member("since", base::format_timestamp(alert.since));
    out.member("state", alert.open ? "open" : "resolved");
    if (!alert.index.empty()) out.member("index", alert.index);
    if (alert.acknowledged_at)
      out.member("acknowledged_at", base::format_timestamp(*alert.acknowledged_at));
  });
}

base::Result<Alert> parse_alert(const base::Json& object) {
  Fields fields(object);
  Alert alert;
  alert.alert_id = fields.text("alertId");
  alert.severity = fields.name("severity", parse_severity);
  alert.title = fields.text("title");
  alert.message = fields.text("message");
  alert.metadata = fields.child("metadata");
  alert.rule = fields.text("rule");
  alert.since = fields.time("since");
  alert.open = fields.text("state") == "open";
  alert.index = fields.maybe_text("index");
  alert.acknowledged_at = fields.maybe_time("acknowledged_at");
  MLG_TRY_VOID(fields.check("alert"));
  return alert;
}

}  // namespace mlgraph::model
