#include "model/entry.h"

#include "base/json.h"

namespace mlgraph::model {
namespace {
constexpr std::string_view kDataKey = ",\"data\":";
constexpr std::string_view kIdKey = ",\"id\":\"";
}  // namespace

std::string encode_event(
    EventKind kind, base::Timestamp at, std::string_view data_json, std::string_view id
) {
  std::string out;
  out.reserve(data_json.size() + 128);
  out += "{\"type\":\"";
  out += type_name(kind);
  out += "\",\"timestamp\":\"";
  out += base::format_timestamp(at);
  out += '"';
  out += kDataKey;
  out += data_json;
  if (!id.empty()) {
    out += kIdKey;
    out += id;
    out += '"';
  }
  out += '}';
  return out;
}

std::string_view data_of(const Entry& entry) {
  const std::string_view message = entry.public_json;
  const auto begin =
      message.find(kDataKey) + kDataKey.size();  // type and timestamp before it hold no such text
  const auto end = message.rfind(kIdKey);
  return message.substr(begin, end - begin);
}

}  // namespace mlgraph::model
