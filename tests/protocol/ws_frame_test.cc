// FrameReader: the same bytes in every slicing give the same events, and what RFC 6455 forbids
// names its close code.
#include "protocol/ws_frame.h"

#include <gtest/gtest.h>

namespace mlgraph::protocol {
namespace {

std::string client_frame(int first_byte, std::string_view payload, bool masked = true) {
  std::string frame(1, static_cast<char>(first_byte));
  const int mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(mask_bit | static_cast<int>(payload.size())));
  } else {
    frame.push_back(static_cast<char>(mask_bit | 126));
    frame.push_back(static_cast<char>(payload.size() >> 8));
    frame.push_back(static_cast<char>(payload.size() & 255));
  }
  const std::string mask = masked ? "\x11\x22\x33\x44" : "";
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame.push_back(masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i]);
  return frame;
}

/// What a reader makes of `bytes`, fed `step` at a time: "text:…" events, at last perhaps
/// "violation:CODE".
std::vector<std::string> read(
    std::string bytes, std::size_t step, FrameReader::Limits limits = {}
) {
  FrameReader reader(limits);
  std::vector<std::string> seen;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::span<char> piece(bytes.data() + at, std::min(step, bytes.size() - at));
    while (!piece.empty()) {
      std::size_t used = 0;
      const auto found = reader.feed(piece, used);
      if (!found) {
        seen.push_back("violation:" + std::to_string(found.error().close_code));
        return seen;
      }
      piece = piece.subspan(used);
      if (!*found) continue;
      using Kind = FrameReader::Event::Kind;
      const auto& event = **found;
      const std::string payload(event.payload);
      seen.push_back(
          event.kind == Kind::kMessage ? (event.binary ? "binary:" : "text:") + payload
          : event.kind == Kind::kPing  ? "ping:" + payload
          : event.kind == Kind::kPong  ? "pong:" + payload
                                       : "close:" + std::to_string(event.close_code) + payload
      );
    }
  }
  return seen;
}

TEST(FrameReader, EverySlicingGivesTheSameEvents) {
  const std::string bytes = client_frame(0x81, "hello") + client_frame(0x89, "p") +
                            client_frame(0x01, "frag") + client_frame(0x8a, "") +
                            client_frame(0x00, "men") + client_frame(0x80, "ted") +
                            client_frame(0x82, std::string(300, '\xff')) +
                            client_frame(
                                0x88,
                                "\x03\xe8"
                                "bye"
                            );
  const std::vector<std::string> expected = {
      "text:hello",
      "ping:p",
      "pong:",
      "text:fragmented",
      "binary:" + std::string(300, '\xff'),
      "close:1000bye"};
  for (std::size_t step = 1; step <= bytes.size(); ++step)
    EXPECT_EQ(read(bytes, step), expected) << "step " << step;
}

struct Bad {
  const char* name;
  std::string bytes;
  std::string code;
};

TEST(FrameReader, ViolationsNameTheirCloseCode) {
  const std::vector<Bad> all = {
      {"unmasked", client_frame(0x81, "x", false), "1002"},
      {"reserved bit", client_frame(0xc1, "x"), "1002"},
      {"reserved opcode", client_frame(0x83, "x"), "1002"},
      {"fragmented ping", client_frame(0x09, "x"), "1002"},
      {"long ping", client_frame(0x89, std::string(126, 'x')), "1002"},
      {"continuation of nothing", client_frame(0x80, "x"), "1002"},
      {"message inside a message", client_frame(0x01, "x") + client_frame(0x81, "y"), "1002"},
      {"close of one byte", client_frame(0x88, "x"), "1002"},
      {"close code 1005", client_frame(0x88, "\x03\xed"), "1002"},
      {"bad UTF-8", client_frame(0x81, "\xc0\xaf"), "1007"},
      {"bad UTF-8 in a first fragment", client_frame(0x01, "ok\xf8"), "1007"},
      {"bad UTF-8 in a close reason", client_frame(0x88, "\x03\xe8\xff"), "1007"},
      {"length with its top bit", std::string("\x81\xff\x80\0\0\0\0\0\0\0", 10), "1009"},
      {"length of 2^62", std::string("\x81\xff\x40\0\0\0\0\0\0\0", 10), "1009"},
      {"length not in its shortest form", std::string("\x81\xfe\0\x05", 4), "1002"},
      {"over the limit", client_frame(0x81, std::string(2'000, 'x')), "1009"},
  };
  for (const auto& bad : all)
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, bad.bytes.size()}) {
      const auto seen = read(bad.bytes, step, {.message_max = 1'000});
      ASSERT_FALSE(seen.empty()) << bad.name;
      EXPECT_EQ(seen.back(), "violation:" + bad.code) << bad.name;
    }
}

TEST(FrameReader, EmptyFragmentsAreCounted) {
  std::string bytes = client_frame(0x01, "");
  for (int i = 0; i < 100; ++i) bytes += client_frame(0x00, "");
  EXPECT_EQ(read(bytes, bytes.size(), {.fragments_max = 64}).back(), "violation:1008");
}

TEST(CloseFrame, ReasonsAreCutAtACharacter) {
  std::string reason;
  while (reason.size() < 200) reason += "ä";
  const auto payload = close_payload(4103, reason);
  EXPECT_LE(payload.size(), 125U);
  Utf8Validator utf8;
  EXPECT_TRUE(utf8.feed(std::string_view(payload).substr(2)) && utf8.complete());
}

}  // namespace
}  // namespace mlgraph::protocol
