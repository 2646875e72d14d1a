// Patterns and scopes: what parses matches without surprise and names itself.
#include <string_view>

#include "base/check.h"
#include "protocol/channel.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto pattern = mlgraph::protocol::Pattern::parse(text)) {
    MLG_CHECK(pattern->text() == text);
    MLG_CHECK(mlgraph::protocol::Scopes::admin().could_match(*pattern));
    for (const auto kind : mlgraph::model::kAllKinds)
      static_cast<void>(pattern->matches(kind, "entity"));
  }
  if (const auto scopes = mlgraph::protocol::Scopes::parse({text}))
    MLG_CHECK(scopes->texts().front() == text);
  return 0;
}
