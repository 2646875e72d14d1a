// Bodies off the stream: the same whatever the pieces, never past their end, never more held than a
// line.
#include "gateway/net/body_decoder.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mlgraph::gateway {
namespace {

using base::ErrorCode;

struct Decoded {
  std::string body;
  std::size_t used = 0;
  bool done = false;
  std::optional<base::Error> error;
};

const BodyDecoder::Limits kRoomy{.body_max = 1 << 20};

/// In pieces of `piece` bytes, as a connection would: what was not used comes again with the next.
Decoded decode(
    const std::string& bytes,
    std::optional<std::uint64_t> length = {},
    const BodyDecoder::Limits& limits = kRoomy,
    std::size_t piece = 1 << 20
) {
  BodyDecoder decoder(length, limits);
  Decoded decoded;
  decoded.done = decoder.done();
  for (std::size_t at = 0; at < bytes.size() && !decoder.done(); at += piece) {
    const auto used = decoder.decode(
        std::string_view(bytes).substr(at, piece),
        [&](std::string_view part) -> base::Result<void> {
          decoded.body += part;
          return {};
        }
    );
    if (!used) {
      decoded.error = used.error();
      return decoded;
    }
    decoded.used += *used;
    decoded.done = decoder.done();
  }
  return decoded;
}

ErrorCode refusal(const std::string& bytes, const BodyDecoder::Limits& limits = kRoomy) {
  const auto decoded = decode(bytes, {}, limits);
  EXPECT_TRUE(decoded.error) << ::testing::PrintToString(bytes.substr(0, 60));
  return decoded.error ? decoded.error->code : ErrorCode::kInternal;
}

TEST(BodyDecoder, ACountedBodyEndsWithItsLastByte) {
  const auto decoded = decode("{}GET / HTTP/1.1\r\n", 2);
  EXPECT_EQ(decoded.body, "{}");
  EXPECT_EQ(decoded.used, 2U);
  EXPECT_TRUE(decoded.done);
  EXPECT_TRUE(decode("", 0).done);
  EXPECT_FALSE(decode("{", 2).done);
}

TEST(BodyDecoder, ChunksAreJoinedAndExtensionsAndTrailersReadPast) {
  const std::string chunked =
      "4\r\nwiki\r\n00A;name=\"a b\" ; other\r\npedia in\r\n\r\n0\r\nExpires: never\r\n\r\n";
  for (std::size_t piece = 1; piece <= chunked.size(); ++piece) {
    const auto decoded = decode(chunked + "GET /", {}, kRoomy, piece);
    ASSERT_FALSE(decoded.error) << decoded.error->message;
    EXPECT_EQ(decoded.body, "wikipedia in\r\n");
    EXPECT_EQ(decoded.used, chunked.size());
    EXPECT_TRUE(decoded.done);
  }
}

TEST(BodyDecoder, RandomBodiesSurviveAnyCut) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 dice(seed);
  for (int round = 0; round < 300; ++round) {
    std::string body;
    std::string chunked;
    for (auto chunks = dice() % 6; chunks > 0; --chunks) {
      const std::string data(1 + dice() % 300, static_cast<char>(dice()));
      body += data;
      chunked += fmt::format("{:x}{}\r\n{}\r\n", data.size(), dice() % 2 ? ";x" : "", data);
    }
    chunked += dice() % 2 ? "0\r\n\r\n" : "0\r\nA: b\r\nC: d\r\n\r\n";
    const auto decoded = decode(chunked + "next", {}, kRoomy, 1 + dice() % 100);
    ASSERT_FALSE(decoded.error) << decoded.error->message;
    EXPECT_EQ(decoded.body, body);
    EXPECT_EQ(decoded.used, chunked.size());
  }
}

TEST(BodyDecoder, WhatIsNoChunkIsRefused) {
  for (const std::string bad :
       {"\r\n\r\n",
        "x\r\n",
        "-1\r\n",
        "+1\r\n",
        " 1\r\n",
        "0x1\r\n",
        "1 \r\n",
        "1 x\r\n",
        "1,2\r\n",
        "1;a\x01\r\n",
        "1\r;a\r\n",
        "00000000000000001\r\n",
        "1\na\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\nab\r\n",
        "1\r\na\r\r\n",
        "0\r\n\n",
        "0\nA: b\r\n\r\n",
        "0\r\nA: b\n\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\n: nameless\r\n\r\n",
        "0\r\nA : blank\r\n\r\n",
        "0\r\nA: b\r\n folded\r\n\r\n"})
    EXPECT_EQ(refusal(bad), ErrorCode::kBadRequest) << bad;
  EXPECT_EQ(refusal(std::string("1;a\0\r\na", 7)), ErrorCode::kBadRequest);
}

TEST(BodyDecoder, ASizeOverTheLimitIsRefusedBeforeItsBytes) {
  for (const std::string big : {"ffffffffffffffff\r\n", "7fffffffffffffff\r\n", "100001\r\n"})
    EXPECT_EQ(refusal(big), ErrorCode::kTooLarge) << big;
  // Together as well: 16 bytes, then what would make it more than 20.
  EXPECT_EQ(refusal("10\r\n0123456789abcdef\r\n5\r\n", {.body_max = 20}), ErrorCode::kTooLarge);
  EXPECT_TRUE(decode("10\r\n0123456789abcdef\r\n4\r\n0123\r\n0\r\n\r\n", {}, {.body_max = 20}).done
  );
}

TEST(BodyDecoder, LinesAndTrailersAreBounded) {
  const auto many = [](std::size_t n, const std::string& line) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += line;
    return text;
  };
  EXPECT_EQ(refusal("1;" + std::string(2'000, 'x')), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal(std::string(2'000, '0')), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal(many(200, "1;" + std::string(900, 'x') + "\r\na\r\n")), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal("0\r\n" + many(101, "A: b\r\n")), ErrorCode::kHeadersTooLarge);
  EXPECT_EQ(
      refusal("0\r\n" + many(20, "A: " + std::string(1'000, 'x') + "\r\n")),
      ErrorCode::kHeadersTooLarge
  );
  EXPECT_EQ(refusal("0\r\nA: " + std::string(20'000, 'x')), ErrorCode::kHeadersTooLarge);
  EXPECT_TRUE(decode("0\r\n" + many(100, "A: b\r\n") + "\r\n").done);
}

TEST(BodyDecoder, WhoTakesTheBytesCanEndIt) {
  BodyDecoder decoder(3, kRoomy);
  const auto outcome = decoder.decode("abc", [](std::string_view) -> base::Result<void> {
    return base::fail(ErrorCode::kOverloaded, "full");
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kOverloaded);
}

}  // namespace
}  // namespace mlgraph::gateway
