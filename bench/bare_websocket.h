#pragma once
// What bare_fanout knows of WebSockets (RFC 6455): the answer to the handshake, a client's masked
// frames, a server's text frames. Not part of the product.
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace bench {

constexpr int kTextFrame = 1, kCloseFrame = 8, kPingFrame = 9, kPongFrame = 10;
constexpr std::size_t kClientFrameBytesMax = 1 << 20;

/// The 101 answer to an upgrade's head; empty where it has no key (section 4.2.2).
inline std::string upgrade_answer(const std::string& head) {
  constexpr std::string_view kKey = "sec-websocket-key:";
  const char* at = strcasestr(head.c_str(), kKey.data());
  if (!at) return {};
  at += kKey.size();
  while (*at == ' ') ++at;
  const std::string key =
      std::string(at, std::strcspn(at, " \r\n")) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
  char accept[32];
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(accept), digest, sizeof digest);
  return std::string(
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: "
         ) +
         accept + "\r\n\r\n";
}

/// The head of an unmasked, whole frame (section 5.2).
inline void append_frame_head(std::string& out, int opcode, std::size_t payload_bytes) {
  out += static_cast<char>(0x80 | opcode);
  const int extra = payload_bytes < 126 ? 0 : payload_bytes < 65'536 ? 2 : 8;
  out += static_cast<char>(extra == 0 ? payload_bytes : extra == 2 ? 126U : 127U);
  for (int i = extra - 1; i >= 0; --i) out += static_cast<char>(payload_bytes >> (8 * i) & 255);
}

inline std::string server_frame(int opcode, std::string_view payload) {
  std::string frame;
  append_frame_head(frame, opcode, payload.size());
  return frame += payload;
}

inline void unmask(std::span<char> payload, const char* mask) {
  std::uint64_t mask8 = 0;
  std::memcpy(&mask8, mask, 4);
  std::memcpy(reinterpret_cast<char*>(&mask8) + 4, mask, 4);
  std::size_t at = 0;
  for (; at + 8 <= payload.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload.data() + at, 8);
    word ^= mask8;
    std::memcpy(payload.data() + at, &word, 8);
  }
  for (; at < payload.size(); ++at) payload[at] = static_cast<char>(payload[at] ^ mask[at & 3]);
}

struct ClientFrame {
  enum class Kind : std::uint8_t { kWhole, kIncomplete, kRefused };
  Kind kind = Kind::kIncomplete;
  int opcode = 0;
  std::string_view payload;  ///< unmasked, in the bytes it was taken from
  std::size_t bytes = 0;     ///< of the whole frame
};

/// The first frame in `in`. Fragmented, unmasked and very long ones are refused.
inline ClientFrame take_frame(std::span<char> in) {
  ClientFrame frame;
  if (in.size() < 2) return frame;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  frame.opcode = byte(0) & 15;
  std::uint64_t length = byte(1) & 127;
  std::size_t head = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0);
  if (in.size() < head + 4) return frame;
  if (head > 2) {
    length = 0;
    for (std::size_t i = 2; i < head; ++i) length = length << 8 | byte(i);
  }
  if (!(byte(0) & 0x80) || !(byte(1) & 0x80) || length > kClientFrameBytesMax) {
    frame.kind = ClientFrame::Kind::kRefused;
    return frame;
  }
  head += 4;
  if (in.size() < head + length) return frame;
  const auto payload = in.subspan(head, static_cast<std::size_t>(length));
  unmask(payload, in.data() + head - 4);
  frame.kind = ClientFrame::Kind::kWhole;
  frame.payload = {payload.data(), payload.size()};
  frame.bytes = head + payload.size();
  return frame;
}

}  // namespace bench
