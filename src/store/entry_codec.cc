#include "store/entry_codec.h"

#include <cstring>

namespace mlgraph::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadSize = 1 + 1 + 8 + 4 * 4;

template <typename Number>
void append(std::string& out, Number value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}
template <typename Number>
Number take(const char*& at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

/// Whether model::data_of finds the message's data: it relies on what encode_event writes.
bool is_message(std::string_view text) {
  constexpr std::string_view kData = ",\"data\":";
  const auto data = text.find(kData);
  const auto id = text.rfind(",\"id\":\"");
  return data != text.npos && id != text.npos && id >= data + kData.size();
}

}  // namespace

std::string encode_entry(const model::Entry& entry) {
  std::string out;
  out.reserve(
      kHeadSize + entry.entity.size() + entry.index.size() + entry.public_json.size() +
      entry.private_json.size()
  );
  append(out, kVersion);
  append(out, static_cast<std::uint8_t>(entry.kind));
  append(out, entry.timestamp.ms);
  for (const auto* text : {&entry.entity, &entry.index, &entry.public_json, &entry.private_json})
    append(out, static_cast<std::uint32_t>(text->size()));
  for (const auto* text : {&entry.entity, &entry.index, &entry.public_json, &entry.private_json})
    out += *text;
  return out;
}

base::Result<std::shared_ptr<const model::Entry>> decode_entry(
    std::uint64_t seq, std::string_view record
) {
  const auto corrupt = [seq](const char* why) {
    return base::fail(base::ErrorCode::kCorrupt, "log record {}: {}", seq, why);
  };
  if (record.size() < kHeadSize) return corrupt("shorter than its head");
  const char* at = record.data();
  if (take<std::uint8_t>(at) != kVersion) return corrupt("unknown version");
  const auto kind = take<std::uint8_t>(at);
  if (kind >= model::kKindCount) return corrupt("unknown kind");
  auto entry = std::make_shared<model::Entry>();
  entry->seq = seq;
  entry->kind = static_cast<model::EventKind>(kind);
  entry->timestamp.ms = take<std::int64_t>(at);
  std::uint32_t sizes[4];
  std::uint64_t total = kHeadSize;
  for (auto& size : sizes) {
    size = take<std::uint32_t>(at);
    total += size;
  }
  if (total != record.size()) return corrupt("sizes that do not add up");
  std::string* const texts[4] = {
      &entry->entity, &entry->index, &entry->public_json, &entry->private_json};
  for (std::size_t i = 0; i < 4; ++i) {
    texts[i]->assign(at, sizes[i]);
    at += sizes[i];
  }
  if (!is_message(entry->public_json)) return corrupt("no message");
  return entry;
}

}  // namespace mlgraph::store
