#include "cli/dashboard.h"

#include <fmt/format.h>

#include "cli/event_line.h"

namespace mlgraph::cli {
namespace {

std::string address_of(const client::ServerUrl& server) {
  const bool ipv6 = server.host.find(':') != std::string::npos;
  return fmt::format(
      "{}://{}{}{}:{}/",
      server.tls ? "https" : "http",
      ipv6 ? "[" : "",
      server.host,
      ipv6 ? "]" : "",
      server.port
  );
}

}  // namespace

int dashboard(const Context& context) {
  const client::HttpClient http(context.connection);
  const auto answer = http.json("POST", "/api/v1/sign-in-codes", "{}");
  if (!answer) return report(answer.error());
  // Behind the '#': browsers send no fragment, so that the code stands in no log on the way.
  const auto url = address_of(context.connection.server) + "#code=" + text_of(*answer, "code");
  const double seconds = number_of(*answer, "expires_in_seconds");
  if (!context.json) {
    fmt::print("{}\n", safe(url));
    if (context.terminal.is_terminal())
      fmt::print(stderr, "signs a browser in once, within {}\n", human_seconds(seconds));
    return kOk;
  }
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("url", url);
    out.member("expires_in_seconds", seconds);
  });
  fmt::print("{}\n", text);
  return kOk;
}

}  // namespace mlgraph::cli
