#pragma once
// What a client asks, as it goes over the wire and as the oracle reads it.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace mlgraph::sim {

struct Ask {
  enum class Kind { kAuth, kSubscribe, kUnsubscribe, kPing, kSync, kHello, kGarbage };
  Kind kind = Kind::kPing;
  std::string ref = {};  ///< as JSON; empty: none
  std::string secret = {};
  std::vector<std::string> channels = {};
  bool names_channels = true;
  std::optional<std::string> since = {};
  bool state = false;
  std::string garbage = {};       ///< the whole message
  std::string garbage_code = {};  ///< and the error it deserves
};

[[nodiscard]] inline std::string to_json(const Ask& ask) {
  static constexpr std::array<const char*, 6> kTypes = {
      "auth", "subscribe", "unsubscribe", "ping", "sync", "hello"};
  if (ask.kind == Ask::Kind::kGarbage) return ask.garbage;
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("type", kTypes.at(static_cast<std::size_t>(ask.kind)));
    if (ask.kind == Ask::Kind::kAuth) out.member("token", ask.secret);
    if (!ask.channels.empty() ||
        (ask.names_channels && ask.kind != Ask::Kind::kAuth && ask.kind != Ask::Kind::kPing)) {
      out.key("channels");
      out.array([&] {
        for (const auto& channel : ask.channels) out.value(channel);
      });
    }
    if (ask.since) out.member("since", *ask.since);
    if (ask.state) out.member("state", true);
    if (!ask.ref.empty()) {
      out.key("ref");
      out.raw(ask.ref);
    }
  });
  return text;
}

}  // namespace mlgraph::sim
