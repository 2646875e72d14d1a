// Compressed bodies: the bytes that went in come out, in whatever pieces; what is damaged is told
// by its place; a bomb takes no memory.
#include "work/compression.h"

#include <gtest/gtest.h>

#include "work/compressed_files.h"
#include "work/vector_files.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;
using work::Compression;

struct Inflated {
  std::string bytes;
  std::optional<base::Error> error;
  std::uint64_t compressed = 0;
};

Inflated inflate(
    Compression compression,
    const std::string& body,
    std::size_t piece = 1 << 20,
    std::size_t step = 1 << 16
) {
  PiecewiseBytes from(body, piece);
  const auto source = work::make_inflating_source(compression, from);
  Inflated all;
  std::string out(step, '\0');
  for (;;) {
    const auto n = source->read(out);
    all.compressed = source->compressed_bytes();
    if (!n) all.error = n.error();
    if (!n || *n == 0) return all;
    all.bytes.append(out, 0, *n);
  }
}

std::string pack(Compression compression, std::string_view bytes) {
  return compression == Compression::kGzip ? in_gzip(bytes) : in_zstd(bytes);
}

std::string text(std::size_t bytes) {
  std::string made;
  for (std::uint64_t i = 0; made.size() < bytes;
       i = i * 2'862'933'555'777'941'757ULL + 3'037'000'493ULL)
    made += std::to_string(i >> 40) + (i % 3 == 0 ? "aaaaaaaaaaaaaaaaaaaaaa" : " ");
  return made;
}

class EachCompression : public ::testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(
    ,
    EachCompression,
    ::testing::Values(Compression::kGzip, Compression::kZstd),
    [](const auto& each) { return std::string(work::name_of(each.param)); }
);

TEST_P(EachCompression, GivesBackWhatWentInHoweverItComes) {
  const std::string whole = text(30'000);
  const std::string body = pack(GetParam(), whole);
  for (const std::size_t piece : {1UL, 2UL, 7UL, 1'000UL, 1UL << 20})
    for (const std::size_t step : {1UL, 3UL, 4'096UL, 1UL << 20}) {
      const auto read = inflate(GetParam(), body, piece, step);
      ASSERT_FALSE(read.error) << read.error->message;
      EXPECT_EQ(read.bytes, whole);
      EXPECT_EQ(read.compressed, body.size());
    }
}

TEST_P(EachCompression, SeveralOneAfterAnotherAreOne) {
  const std::string body =
      pack(GetParam(), "one ") + pack(GetParam(), "") + pack(GetParam(), text(90'000));
  const auto read = inflate(GetParam(), body, 11);
  ASSERT_FALSE(read.error) << read.error->message;
  EXPECT_EQ(read.bytes, "one " + text(90'000));
}

TEST_P(EachCompression, ACutIsToldByItsPlace) {
  const std::string body = pack(GetParam(), "first") + pack(GetParam(), text(2'000));
  const std::size_t first = pack(GetParam(), "first").size();
  for (std::size_t size = 0; size < body.size(); ++size) {
    if (size == first) continue;  // whole by itself
    const auto read = inflate(GetParam(), body.substr(0, size));
    ASSERT_TRUE(read.error) << size;
    EXPECT_EQ(read.error->code, ErrorCode::kBadRequest);
    EXPECT_NE(
        read.error->message.find(
            size == 0      ? "empty"
            : size < first ? " 1"
                           : " 2"
        ),
        std::string::npos
    ) << read.error->message;
    EXPECT_LE(read.compressed, size);
  }
}

TEST_P(EachCompression, FlippedBitsNeverPassUnnoticed) {
  const std::string whole = text(3'000);
  const std::string body = pack(GetParam(), whole);
  for (std::size_t bit = 0; bit < body.size() * 8; bit += 3) {
    std::string flipped = body;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto read = inflate(GetParam(), flipped);
    // The head of gzip holds a time and a system that nobody checks.
    EXPECT_TRUE(read.error ? read.error->code == ErrorCode::kBadRequest : read.bytes == whole)
        << bit;
  }
}

TEST_P(EachCompression, SomethingElseBehindItIsRefused) {
  for (const char* tail : {"x", "{\"id\":1}\n", "\x1f\x8c"}) {
    const auto read = inflate(GetParam(), pack(GetParam(), "whole") + tail);
    ASSERT_TRUE(read.error) << tail;
    EXPECT_EQ(read.bytes, "whole");
  }
  EXPECT_TRUE(inflate(GetParam(), "plain text").error);
}

TEST_P(EachCompression, ErrorsOfTheBytesArePassedOn) {
  PiecewiseBytes from(pack(GetParam(), text(500)).substr(0, 40), 8);
  from.ending_in(ErrorCode::kTimeout);
  const auto source = work::make_inflating_source(GetParam(), from);
  std::string out(1'000, '\0');
  base::Result<std::size_t> n = 1;
  while (n && *n > 0) n = source->read(out);
  ASSERT_FALSE(n);
  EXPECT_EQ(n.error().code, ErrorCode::kTimeout);
}

// A megabyte of zeros is a kilobyte; a reader that stops after a little has paid for a little.
TEST_P(EachCompression, ABombIsHandedOutPieceByPiece) {
  const std::string body = pack(GetParam(), std::string(std::size_t{64} << 20, '\0'));
  EXPECT_LT(body.size(), std::size_t{1} << 17);
  PiecewiseBytes from(body);
  const auto source = work::make_inflating_source(GetParam(), from);
  std::string out(1'000, '\1');
  EXPECT_LE(source->read(out).value(), out.size());
  EXPECT_EQ(out.front(), '\0');
  EXPECT_FALSE(source->length());
}

TEST(Zstd, AWindowBeyondTheLimitIsRefused) {
  const std::string large(std::size_t{1} << 16, 'w');
  EXPECT_FALSE(inflate(Compression::kZstd, in_zstd(large, 27)).error);
  std::string body = in_zstd(large, 27);
  ASSERT_EQ(static_cast<unsigned char>(body[4]) & 0x20, 0) << "a frame with a window";
  body[5] = static_cast<char>((28 - 10) << 3);  // RFC 8878, 3.1.1.1.2: the exponent
  const auto read = inflate(Compression::kZstd, body);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->code, ErrorCode::kBadRequest);
}

TEST(CompressionNames, CodingsAndSuffixes) {
  for (const auto& [coding, compression] :
       {std::pair("", Compression::kNone),
        std::pair("identity", Compression::kNone),
        std::pair("gzip", Compression::kGzip),
        std::pair("x-gzip", Compression::kGzip),
        std::pair("zstd", Compression::kZstd)})
    EXPECT_EQ(work::compression_of_coding(coding).value(), compression);
  for (const char* coding : {"br", "deflate", "gzip, gzip", "zstd,gzip", "*"}) {
    const auto refused = work::compression_of_coding(coding);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(coding), std::string::npos);
  }
}

}  // namespace
}  // namespace mlgraph::testing
