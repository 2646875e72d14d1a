// permessage-deflate: offers, round trips, and payloads that lie.
#include "protocol/deflate.h"

#include <gtest/gtest.h>

namespace mlgraph::protocol {
namespace {

using base::ErrorCode;

constexpr std::string_view kAnswer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(Deflate, TakesTheFirstOfferThatItCanMeet) {
  for (const char* offer :
       {"permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate;client_max_window_bits=10 ; server_no_context_takeover",
        "x-unknown, permessage-deflate; server_max_window_bits=15",
        "permessage-deflate; server_max_window_bits=9, permessage-deflate"})
    EXPECT_EQ(accept_deflate(offer), kAnswer) << offer;
  for (const char* offer :
       {"",
        "x-webkit-deflate-frame",
        "permessage-deflate; server_max_window_bits=9",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits; client_max_window_bits"})
    EXPECT_EQ(accept_deflate(offer), std::nullopt) << offer;
}

TEST(Deflate, WhatIsCompressedComesBack) {
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 4'096UL, 65'535UL, 70'000UL}) {
    std::string message;
    for (std::size_t i = 0; message.size() < size; ++i)
      message += std::to_string(i * 2'654'435'761u);
    message.resize(size);
    EXPECT_EQ(inflate_message(deflate_message(message), size), message);
  }
}

TEST(Deflate, ABombCostsItsLimitOnly) {
  const auto bomb = deflate_message(std::string(std::size_t{64} << 20, 'a'));
  const auto inflated = inflate_message(bomb, 64 * 1024);
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().code, ErrorCode::kTooLarge);
}

TEST(Deflate, BrokenDataIsRefused) {
  EXPECT_FALSE(inflate_message("\xff\xff\xff\xff garbage", 1'000));
  const auto whole =
      deflate_message(std::string(500, 'x') + "some more words, so that blocks have codes");
  for (std::size_t size = 1; size + 1 < whole.size(); ++size) {
    // Cut anywhere: an error, or less than the message, but never more and never a crash.
    const auto inflated = inflate_message(std::string_view(whole).substr(0, size), 1'000);
    if (inflated) {
      EXPECT_LT(inflated->size(), 543u);
    }
  }
}

TEST(Deflate, AFinalBlockEndsTheStreamNotTheMessage) {
  // "Hello" as RFC 7692 section 7.2.3.4 and 7.2.3.5 print it: two blocks, and one that is final.
  EXPECT_EQ(
      inflate_message(std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13), 100),
      "Hello"
  );
  EXPECT_EQ(inflate_message(std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8), 100), "Hello");
  EXPECT_EQ(inflate_message(std::string("\xf2\x48\xcd\xc9\xc9\x07\x00", 7), 100), "Hello");
}

}  // namespace
}  // namespace mlgraph::protocol
