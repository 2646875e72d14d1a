#include "protocol/deflate.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <zlib.h>

#include "base/check.h"

namespace mlgraph::protocol {
namespace {

constexpr int kRawWindow = -15;  // raw deflate, 32 KiB
constexpr int kMemoryLevel = 8;
constexpr int kLevel = 1;  // events are small and many: most of the gain for the least time
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
constexpr std::string_view kName = "permessage-deflate";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(at);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// Whether a window of so many bits is one that RFC 7692 knows.
bool is_window(std::string_view bits) {
  if (bits.size() >= 2 && bits.front() == '"' && bits.back() == '"')
    bits = bits.substr(1, bits.size() - 2);
  static constexpr std::array<std::string_view, 8> kBits = {
      "8", "9", "10", "11", "12", "13", "14", "15"};
  return std::find(kBits.begin(), kBits.end(), bits) != kBits.end();
}

/// Whether one offer ("permessage-deflate; a; b=1") can be met.
bool can_meet(const std::vector<std::string_view>& offer) {
  if (offer.front() != kName) return false;
  std::vector<std::string_view> seen;
  for (std::size_t i = 1; i < offer.size(); ++i) {
    const auto equals = offer[i].find('=');
    const auto name = trimmed(offer[i].substr(0, equals));
    const bool has_value = equals != std::string_view::npos;
    const auto value = has_value ? trimmed(offer[i].substr(equals + 1)) : std::string_view();
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return false;
    seen.push_back(name);
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      if (has_value) return false;
    } else if (name == "client_max_window_bits") {
      if (has_value && !is_window(value)) return false;
    } else if (name == "server_max_window_bits") {
      if (value != "15" && value != "\"15\"") return false;
    } else {
      return false;
    }
  }
  return true;
}

/// A stream of the calling thread, made on first use and reset for each message.
struct Deflater {
  Deflater() {
    MLG_CHECK(
        deflateInit2(&stream, kLevel, Z_DEFLATED, kRawWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) ==
        Z_OK
    );
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  z_stream stream{};
};
struct Inflater {
  Inflater() { MLG_CHECK(inflateInit2(&stream, kRawWindow) == Z_OK); }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
};

void set_input(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

tl::unexpected<base::Error> broken() {
  return base::fail(base::ErrorCode::kBadRequest, "a compressed message is no deflate data");
}

}  // namespace

std::optional<std::string> accept_deflate(std::string_view offers) {
  for (const auto offer : split(offers, ','))
    if (can_meet(split(offer, ';')))
      return std::string(kName) + "; server_no_context_takeover; client_no_context_takeover";
  return std::nullopt;
}

std::string deflate_message(std::string_view message) {
  thread_local Deflater deflater;
  z_stream& stream = deflater.stream;
  MLG_CHECK(deflateReset(&stream) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(message.size())) + 16, '\0');
  set_input(stream, message);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  MLG_CHECK(deflate(&stream, Z_SYNC_FLUSH) == Z_OK && stream.avail_in == 0);
  out.resize(out.size() - stream.avail_out);
  MLG_CHECK(out.ends_with(kTail));
  out.resize(out.size() - kTail.size());
  return out;
}

std::string make_deflated_frame(Opcode opcode, std::string_view message) {
  const std::string payload = deflate_message(message);
  std::string frame;
  frame.reserve(payload.size() + 10);
  append_frame_header(frame, opcode, payload.size(), true);
  return frame += payload;
}

base::Result<std::string> inflate_message(std::string_view payload, std::size_t bytes_max) {
  thread_local Inflater inflater;
  z_stream& stream = inflater.stream;
  MLG_CHECK(inflateReset(&stream) == Z_OK);
  std::string out;
  std::array<char, 16 * 1024> piece;  // NOLINT: filled by inflate
  const std::string whole = std::string(payload).append(kTail);
  set_input(stream, whole);
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int status = inflate(&stream, Z_SYNC_FLUSH);
    const std::size_t made = piece.size() - stream.avail_out;
    if (out.size() + made > bytes_max)
      return base::fail(
          base::ErrorCode::kTooLarge, "a message inflates to more than {} bytes", bytes_max
      );
    out.append(piece.data(), made);
    if (status == Z_STREAM_END) {
      // A final block ends the stream, not the message (section 7.2.3.5): a new one may follow.
      if (stream.avail_in <= kTail.size()) return out;
      MLG_CHECK(inflateReset(&stream) == Z_OK);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && made == 0)) {
      return stream.avail_in == 0 ? base::Result<std::string>(std::move(out)) : broken();
    } else if (status != Z_OK) {
      return broken();
    }
  }
}

}  // namespace mlgraph::protocol
