// mlgraph dashboard: a link that signs a browser in once, for the next minutes.
#include <fmt/format.h>

#include "cli/api.h"
#include "cli/event_line.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"

namespace mlgraph::cli {
namespace {

int print_link(const Context& context) {
  const auto answer = context.http().json("POST", api_path({"sign-in-codes"}), "{}");
  if (!answer) return report(answer.error());
  // Behind the '#': browsers send no fragment, so that the code stands in no log on the way.
  const auto url =
      client::to_text(context.connection.server) + "/#code=" + text_of(*answer, "code");
  const double seconds = number_of(*answer, "expires_in_seconds");
  if (context.json)
    return emit(
        json_object([&](auto& out) {
          out.member("url", url);
          out.member("expires_in_seconds", seconds);
        }) +
        "\n"
    );
  const int written = emit(safe(url) + "\n");
  if (context.terminal.is_terminal())
    fmt::print(stderr, "signs a browser in once, within {}\n", human_seconds(seconds));
  return written;
}

}  // namespace

void add_dashboard(Program& program) {
  program.command(program.root(), "dashboard", "a link that signs a browser in once", print_link);
}

}  // namespace mlgraph::cli
