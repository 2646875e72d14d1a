#include "work/snapshot_format.h"

#include <sodium.h>

#include "base/json.h"
#include "model/cursor.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

static_assert(std::endian::native == std::endian::little);

struct SnapshotHash::State {
  crypto_generichash_state hash;
};

SnapshotHash::SnapshotHash(std::size_t bytes) : state_(std::make_unique<State>()), bytes_(bytes) {
  crypto_generichash_init(&state_->hash, nullptr, 0, bytes_);
}
SnapshotHash::~SnapshotHash() = default;

void SnapshotHash::add(std::string_view piece) {
  crypto_generichash_update(
      &state_->hash, reinterpret_cast<const unsigned char*>(piece.data()), piece.size()
  );
}

std::string SnapshotHash::digest() {
  std::string out(bytes_, '\0');
  crypto_generichash_final(&state_->hash, reinterpret_cast<unsigned char*>(out.data()), bytes_);
  return out;
}

std::string snapshot_digest(std::string_view bytes, std::size_t size) {
  SnapshotHash hash(size);
  hash.add(bytes);
  return hash.digest();
}

std::string encode_head(const SnapshotHead& head) {
  std::string settings;
  base::JsonWriter out(settings);
  out.object([&] {
    out.key("index");
    model::write(out, head.index);
    out.member("id", head.id);
    out.member("taken_at", base::format_timestamp(head.taken_at));
  });
  std::string bytes(kSnapshotMagic);
  append_le(bytes, kSnapshotVersion);
  append_le(bytes, static_cast<std::uint32_t>(settings.size()));
  append_le(bytes, head.rows);
  bytes += settings;
  return bytes + snapshot_digest(bytes, kWholeDigest);
}

Result<std::size_t> head_size(std::string_view start) {
  if (start.size() < kSnapshotHeadStart || !start.starts_with(kSnapshotMagic))
    return fail(ErrorCode::kCorrupt, "this is no snapshot: it does not begin as one");
  const auto version = read_le<std::uint32_t>(start.data() + 8);
  if (version != kSnapshotVersion)
    return fail(
        ErrorCode::kInvalidValue,
        "the snapshot is of version {}, this server reads {}",
        version,
        kSnapshotVersion
    );
  const auto settings = read_le<std::uint32_t>(start.data() + 12);
  if (settings > kSnapshotSettingsMax)
    return fail(
        ErrorCode::kCorrupt,
        "the header is damaged at byte 12: {} bytes of settings, the limit is {}",
        settings,
        kSnapshotSettingsMax
    );
  return kSnapshotHeadStart + settings + kWholeDigest;
}

Result<SnapshotHead> decode_head(std::string_view bytes) {
  MLG_TRY(size, head_size(bytes));
  if (bytes.size() < size)
    return fail(ErrorCode::kCorrupt, "the snapshot is cut at byte {}, in its header", bytes.size());
  const auto summed = bytes.substr(0, size - kWholeDigest);
  if (snapshot_digest(summed, kWholeDigest) != bytes.substr(summed.size(), kWholeDigest))
    return fail(
        ErrorCode::kCorrupt,
        "the header is damaged: bytes 0 to {} do not fit their checksum",
        summed.size() - 1
    );
  SnapshotHead head;
  head.rows = read_le<std::uint64_t>(bytes.data() + 16);
  const auto json = base::parse_json(summed.substr(kSnapshotHeadStart));
  const auto* index = json ? json->find("index") : nullptr;
  const auto* id = json ? json->find("id") : nullptr;
  const auto* at = json ? json->find("taken_at") : nullptr;
  const auto parsed = index ? model::parse_index(*index) : fail(ErrorCode::kCorrupt, "none");
  const auto taken_at =
      at && at->as_string() ? base::parse_timestamp(*at->as_string()) : std::nullopt;
  if (!parsed || !taken_at || !id || !id->as_string() || !model::parse_cursor(*id->as_string()))
    return fail(
        ErrorCode::kCorrupt, "the header's settings at byte {} cannot be read", kSnapshotHeadStart
    );
  head.index = *parsed;
  head.id = *id->as_string();
  head.taken_at = *taken_at;
  return head;
}

}  // namespace mlgraph::work
