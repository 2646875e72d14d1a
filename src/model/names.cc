#include "model/names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "model/event_kind.h"

namespace mlgraph::model {

bool is_token(std::string_view text) {
  if (text.empty() || text.size() > kTokenMax) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

bool is_reserved(std::string_view text) {
  if (text.starts_with('_')) return true;
  static constexpr std::array<std::string_view, 3> kMore = {"queued", "cancelled", "acknowledged"};
  if (std::find(kMore.begin(), kMore.end(), text) != kMore.end()) return true;
  return std::any_of(kAllKinds.begin(), kAllKinds.end(), [&](EventKind kind) {
    return leaf_name(kind) == text;
  });
}

base::Result<void> check_entity_name(std::string_view member, std::string_view text) {
  if (!is_token(text))
    return base::fail_at(
        std::string(member),
        base::ErrorCode::kInvalidValue,
        "{} '{}' must match [A-Za-z0-9_-]{{1,64}}",
        member,
        printable(text)
    );
  if (is_reserved(text))
    return base::fail_at(
        std::string(member),
        base::ErrorCode::kInvalidValue,
        "{} '{}' is reserved: it begins with '_' or is the name of an event kind",
        member,
        text
    );
  return {};
}

namespace {
/// A token that strayed into a name, a type, a channel is not repeated in answers and logs.
std::string without_tokens(std::string_view text) {
  constexpr std::string_view kStart = "mlg_";
  std::string out;
  for (std::size_t at = text.find(kStart); at != std::string_view::npos; at = text.find(kStart)) {
    out += text.substr(0, at);
    out += "mlg_...";
    text.remove_prefix(at + kStart.size());
    while (!text.empty() && is_token(text.substr(0, 1))) text.remove_prefix(1);
  }
  out += text;
  return out;
}
}  // namespace

std::string printable(std::string_view raw) {
  constexpr std::size_t kShown = 64;
  const std::string text = without_tokens(raw);
  std::string out;
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '\'' || c == '\\')
      out += fmt::format("\\x{:02x}", byte);
    else
      out.push_back(c);
  }
  if (text.size() > kShown) out += fmt::format("… ({} bytes)", text.size());
  return out;
}

}  // namespace mlgraph::model
