// What is told of a JSON text that a parser refuses: the place of the fault, and what stands before
// it.
#include "base/json_places.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace mlgraph::base {
namespace {

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, limits);
  return parsed ? "" : parsed.error().message;
}

TEST(JsonPlaces, DepthIsCountedOutsideStrings) {
  EXPECT_EQ(place_of_depth(R"({"a":["[[[["]})", 2), std::nullopt);
  EXPECT_EQ(place_of_depth(R"({"a":["\"[[", [0]]})", 2), 14u);
  EXPECT_EQ(
      refusal(std::string(33, '[') + std::string(33, ']')),
      "JSON nested deeper than 32 levels at byte 32"
  );
}

TEST(JsonPlaces, ANumberThatNothingHoldsIsFound) {
  EXPECT_EQ(
      place_of_number(R"({"a1":"1e999","b":[1,-2.5e300,18446744073709551615]})"), std::nullopt
  );
  EXPECT_EQ(place_of_number(R"([1,1e400])"), 3u);
  EXPECT_EQ(place_of_number(R"([18446744073709551616])"), 1u);
  EXPECT_EQ(place_of_number(R"([-9223372036854775809])"), 1u);
  EXPECT_EQ(refusal(R"({"x":1e400})"), "invalid JSON at byte 5: the number is out of range");
}

TEST(JsonPlaces, AMemberIsReadAsFarAsTheTextIsSound) {
  const auto ref = [](std::string_view text) {
    return std::string(readable_member(text, "ref").value_or("-"));
  };
  EXPECT_EQ(ref(R"({"type":"ping","ref":"a","x":[[)"), R"("a")");
  EXPECT_EQ(ref(R"( { "x" : {"ref":1,"y":["}"]} , "ref" : 17 , )"), "17");
  EXPECT_EQ(ref(R"({"x":"\"ref\":3","ref":"q\"r"})"), R"("q\"r")");
  EXPECT_EQ(ref(R"({"x":[1,2,"ref":4})"), "-") << "the fault stands before it";
  EXPECT_EQ(ref(R"({"ref":"unfinish)"), "-");
  EXPECT_EQ(ref(R"([{"ref":1}])"), "-");
  EXPECT_EQ(ref(""), "-");
  for (const std::string_view text : {R"({"ref":"a","b":{"c":[1,2]}})", R"({"a":"\\","ref":[]})"})
    for (std::size_t size = 0; size <= text.size(); ++size)
      static_cast<void>(readable_member(text.substr(0, size), "ref"));  // no byte beyond the end
}

TEST(JsonPlaces, AKeyGivenTwiceIsNamedWhereItIsAsked) {
  EXPECT_EQ(refusal(R"({"a":{"b":1,"b":2}})"), "");
  EXPECT_EQ(
      refusal(R"({"a":{"b":1,"b":2}})", {.unique_keys = true}), R"(an object has the key "b" twice)"
  );
  EXPECT_EQ(refusal(R"({"a":{"b":1},"b":2})", {.unique_keys = true}), "");
}

}  // namespace
}  // namespace mlgraph::base
