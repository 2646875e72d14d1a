// Numbers that clients write and JSON or a double cannot hold: mended where vectors stand, nowhere
// else.
#include "base/json_numbers.h"

#include <array>
#include <random>

#include <gtest/gtest.h>

#include "base/json.h"

namespace mlgraph::base {
namespace {

constexpr std::array<std::string_view, 2> kPlaces = {"vectors[].values[]", "vector[]"};

std::string mended(const std::string& text) {
  return with_readable_numbers(text, kPlaces).value_or("as it was");
}

TEST(JsonNumbers, WhatIsNoFiniteNumberBecomesOneThatIsNoFiniteFloat) {
  EXPECT_EQ(mended(R"({"vector":[1,NaN]})"), R"({"vector":[1,1e39]})");
  EXPECT_EQ(mended(R"({"vector":[Infinity, -Infinity ]})"), R"({"vector":[1e39, -1e39 ]})");
  EXPECT_EQ(mended(R"({"vector":[1e400,-2.5E+999]})"), R"({"vector":[1e39,-1e39]})");
  EXPECT_EQ(mended("{\"vector\":[1" + std::string(400, '0') + "]}"), R"({"vector":[1e39]})");
}

TEST(JsonNumbers, WholeNumbersBeyond64BitsKeepTheirValue) {
  EXPECT_EQ(
      mended(R"({"vector":[100000000000000000000,-9223372036854775809]})"),
      R"({"vector":[100000000000000000000e0,-9223372036854775809e0]})"
  );
  EXPECT_EQ(
      parse_json(mended(R"({"vector":[100000000000000000000]})"))
          ->find("vector")
          ->as_array()
          ->front()
          .as_double(),
      1e20
  );
  // These fit, and so do small ones and what vanishes to zero.
  EXPECT_EQ(
      mended(R"({"vector":[18446744073709551615,-9223372036854775808,0,-0.5,1e-400]})"), "as it was"
  );
}

TEST(JsonNumbers, OnlyTheGivenPlacesAreMended) {
  EXPECT_EQ(
      mended(R"({"vectors":[{"id":"NaN","values":[NaN]},{"values":[2,NaN],"id":1}],"k":1})"),
      R"({"vectors":[{"id":"NaN","values":[1e39]},{"values":[2,1e39],"id":1}],"k":1})"
  );
  for (const char* text :
       {R"({"vectors":[{"id":1,"values":[1],"metadata":{"values":[NaN]}}]})",
        R"({"vectors":[{"id":NaN,"values":[1]}]})",
        R"({"vectors":[[NaN]]})",
        R"({"vectors":{"values":[NaN]}})",
        R"({"vector":NaN})",
        R"({"vector":[[NaN]]})",
        R"({"k":1e400})",
        R"([NaN])",
        "NaN",
        R"({"vector":"[NaN]"})",
        R"({"a\"vector":[NaN]})",
        ""})
    EXPECT_EQ(mended(text), "as it was") << text;
}

TEST(JsonNumbers, OtherWordsStayWrong) {
  for (const char* text :
       {R"({"vector":[nan]})",
        R"({"vector":[inf]})",
        R"({"vector":[-NaN]})",
        R"({"vector":[+Infinity]})",
        R"({"vector":[Infinity7]})",
        R"({"vector":[0x7fffffffffffffffffff]})",
        R"({"vector":[1e400x]})",
        R"({"vector":[1e4001e400]})",
        R"({"vector":[--11111111111111111111]})"})
    EXPECT_FALSE(parse_json(with_readable_numbers(text, kPlaces).value_or(text))) << text;
}

// Whatever a text is: it is not read beyond its end, and what was readable stays so.
TEST(JsonNumbers, AnyPieceOfATextIsSafe) {
  const std::string text =
      R"({"vectors":[{"id":"a\"\\","values":[NaN,1e400,-Infinity,100000000000000000000]}],"vector":[NaN]})";
  for (std::size_t begin = 0; begin < text.size(); ++begin)
    for (std::size_t size = 0; begin + size <= text.size(); ++size) {
      const std::string piece = text.substr(begin, size);
      if (parse_json(piece)) {
        const auto again = with_readable_numbers(piece, kPlaces);
        EXPECT_TRUE(!again || parse_json(*again)) << piece;
      } else {
        static_cast<void>(with_readable_numbers(piece, kPlaces));
      }
    }
  EXPECT_EQ(with_readable_numbers(std::string(100, '['), kPlaces), std::nullopt)
      << "deeper than any parser goes";
}

}  // namespace
}  // namespace mlgraph::base
