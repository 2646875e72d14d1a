#include "app/reload.h"

namespace mlgraph::app {
namespace {

/// A port speaks TLS or does not, from its first connection to its last.
bool turns_tls(const Config& running, const Config& wanted) {
  return running.server.tls_cert.empty() != wanted.server.tls_cert.empty();
}

bool is_live(const Setting& setting, bool turned) {
  const bool tls = setting.key == "server.tls_cert" || setting.key == "server.tls_key";
  return setting.reload == Reload::kLive && !(tls && turned);
}

/// The value of `from` into `to`.
void take(const Setting& setting, Config& from, Config& to) {
  const Field target = setting.field(to);
  std::visit(
      [&](auto* value) { *std::get<decltype(value)>(target) = *value; }, setting.field(from)
  );
}

}  // namespace

Changes changes(const Config& running, const Config& wanted) {
  Changes found{{}, {}, running};
  Config from = wanted;
  const bool turned = turns_tls(running, wanted);
  for (const auto& setting : settings()) {
    if (setting.toml(running) == setting.toml(wanted)) continue;
    const bool live = is_live(setting, turned);
    (live ? found.live : found.restart).push_back(setting.key);
    if (live) take(setting, from, found.next);
  }
  return found;
}

}  // namespace mlgraph::app
