// mlgraph doctor: the checks that ask the server.
#include <cmath>

#include "base/clock.h"
#include "base/version.h"
#include "cli/api.h"
#include "cli/doctor_checks.h"
#include "cli/json_view.h"
#include "client/probe.h"
#include "client/trust.h"

namespace mlgraph::cli {
namespace {

using base::ErrorCode;
using base::Json;
using Findings = std::vector<Finding>;

constexpr std::chrono::milliseconds kClockTolerance{1'000};
constexpr double kMemoryWarning = 0.75;
constexpr std::int64_t kExpiringMs = 86'400'000;

Finding well(std::string what, std::string saying) {
  return {Verdict::kWell, std::move(what), std::move(saying), {}};
}

Finding warning(std::string what, std::string saying, std::string remedy) {
  return {Verdict::kWarning, std::move(what), std::move(saying), std::move(remedy)};
}

Finding wrong(std::string what, const base::Error& error, std::string remedy) {
  return {Verdict::kWrong, std::move(what), safe(error.message), std::move(remedy), exit_of(error)};
}

Finding check_connection(const Context& context, bool& reached) {
  const auto& server = context.connection.server;
  const auto begin = std::chrono::steady_clock::now();
  const auto live = context.http().request("GET", "/health/live");
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  reached = live.has_value();
  if (!live) {
    const bool untrusted = client::is_untrusted(live.error());
    return wrong(
        untrusted ? "TLS" : "connection",
        live.error(),
        untrusted
            ? "give the certificate's authority with --ca FILE"
            : "start mlgraphd there, or say where it is: --server, MLGRAPH_URL, mlgraph context use"
    );
  }
  return well(
      "connection",
      fmt::format(
          "{}{}, {:.1f} ms",
          client::to_text(server),
          !server.tls                   ? ""
          : context.connection.insecure ? ", its certificate unchecked"
                                        : ", its certificate is trusted",
          took.count()
      )
  );
}

Finding check_ready(const Context& context) {
  const auto ready = context.http().request("GET", "/health/ready");
  if (!ready) return wrong("ready", ready.error(), "look at the server's log");
  if (ready->status == 200) return well("ready", "its state stands");
  return {
      Verdict::kWrong,
      "ready",
      fmt::format("no: the server answers {}", ready->status),
      "it is starting or stopping; its log says how far it is",
      kRefused};
}

Finding check_version(const Json& welcome) {
  const auto theirs = text_of(welcome, "version");
  if (theirs == base::kVersion) return well("version", theirs + ", as this program's");
  return warning(
      "version",
      fmt::format("the server is {}, this program {}", theirs, base::kVersion),
      "use the mlgraph that was installed with the server"
  );
}

Finding check_token(const Json& who) {
  const auto saying = fmt::format("{} with {}", text_of(who, "subject"), words_of(who, "scopes"));
  const auto expires = base::parse_timestamp(text_of(who, "expires_at"));
  if (expires && expires->ms - base::SystemClock().wall_now().ms < kExpiringMs)
    return warning(
        "token",
        saying + ", until " + text_of(who, "expires_at"),
        "it expires within a day: mlgraph token create makes another"
    );
  return well("token", saying);
}

Finding check_clock(std::chrono::milliseconds difference) {
  if (std::chrono::abs(difference) <= kClockTolerance)
    return well("clock", fmt::format("{} ms apart", std::abs(difference.count())));
  return warning(
      "clock",
      fmt::format(
          "the server's is {} s {}",
          static_cast<double>(std::abs(difference.count())) / 1e3,
          difference.count() > 0 ? "ahead" : "behind"
      ),
      "set both by NTP: expiries and timestamps are read by them"
  );
}

Finding check_memory(const Context& context) {
  const auto answer = context.http().json("GET", api_path({"metrics", "system"}));
  if (!answer)
    return warning("memory", safe(answer.error().message), "a token with events:metrics.*");
  for (const auto& node : items_of(*answer, "metrics")) {
    const double used = number_of(node, "memory_used_gb");
    const double limit = number_of(node, "memory_limit_gb");
    const auto saying = fmt::format(
        "{:.2f} of {:.1f} GB; {:.2f} GB on disk", used, limit, number_of(node, "disk_used_gb")
    );
    if (limit > 0 && used / limit >= kMemoryWarning)
      return warning("memory", saying, "merge or delete indices, or give the server more");
    return well("memory", saying);
  }
  return warning("memory", "not shown to this token", "a token with events:metrics.*");
}

Findings check_alerts(const Context& context) {
  const auto answer = context.http().json("GET", api_path({"alerts"}));
  if (!answer)
    return {warning("alerts", safe(answer.error().message), "a token with events:alert.*")};
  Findings findings;
  bool readonly = false;
  for (const auto& alert : items_of(*answer, "alerts")) {
    const auto* guard = child(child(alert, "metadata"), "readonly").as_bool();
    readonly = readonly || (guard && *guard);
    findings.push_back(warning(
        "alert",
        fmt::format(
            "{}: {}: {}",
            text_of(alert, "severity"),
            text_of(alert, "title"),
            text_of(alert, "message")
        ),
        "mlgraph alert rules shows its levels"
    ));
  }
  if (findings.empty()) findings.push_back(well("alerts", "none open"));
  if (readonly)
    findings.push_back(
        {Verdict::kWrong,
         "writing",
         "the server is read-only: a guard protects its disk or memory",
         "make room (mlgraph index delete, a larger disk), or change the rule: mlgraph alert "
         "set-rule",
         kRefused}
    );
  else
    findings.push_back(well("writing", "no guard forbids it"));
  return findings;
}

}  // namespace

std::vector<Finding> check_server(const Context& context) {
  bool reached = false;
  Findings findings{check_connection(context, reached)};
  if (!reached) return findings;
  findings.push_back(check_ready(context));
  const auto probed = client::probe(context.connection);
  if (!probed) {
    const auto& error = probed.error();
    const bool about_token = exit_of(error) == kNotAllowed;
    const bool full = error.code == ErrorCode::kOverloaded;
    findings.push_back(
        about_token
            ? wrong(
                  "token",
                  error,
                  "give a valid one: --token-file FILE, MLGRAPH_TOKEN, mlgraph context add"
              )
            : wrong(
                  "WebSocket",
                  error,
                  full ? "close sessions, or raise the limit that is named (docs/operating.md)"
                       : "let proxies pass Upgrade and Connection (docs/operating.md, Behind a "
                         "proxy)"
              )
    );
    return findings;
  }
  findings.push_back(well(
      "WebSocket",
      fmt::format("a ping takes {:.2f} ms", static_cast<double>(probed->round_trip.count()) / 1e3)
  ));
  findings.push_back(check_version(probed->welcome));
  findings.push_back(check_token(probed->authenticated));
  findings.push_back(check_clock(probed->clock_difference));
  findings.push_back(check_memory(context));
  for (auto& finding : check_alerts(context)) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace mlgraph::cli
