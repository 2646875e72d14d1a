// Search over REST: what is asked, what is refused by name, what is measured.
#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

class ApiSearchTest : public ApiTest {
 protected:
  ApiSearchTest() {
    create("docs");
    put("docs",
        R"({"id":"a","values":[0,0],"metadata":{"k":"x"}},{"id":"b","values":[3,4],"metadata":{"k":"y"}},)"
        R"({"id":"c","values":[6,8]})");
  }
  Answer search(const std::string& body) { return post("/indices/docs/search", body); }
  /// Ids of the first query's hits, in order.
  static std::string ids(const Answer& answer) {
    std::string ids;
    const auto* results = answer.json.find("results");
    if (!results || results->as_array()->empty()) return "no results: " + answer.text;
    for (const auto& hit : *results->as_array()->front().as_array())
      ids += *hit.find("id")->as_string();
    return ids;
  }
};

TEST_F(ApiSearchTest, HitsComeByDistanceWithTheirMetadata) {
  const auto answer = search(R"({"vector":[0,0],"k":2})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.text,
      R"({"results":[[{"id":"a","distance":0,"metadata":{"k":"x"}},)"
      R"({"id":"b","distance":25,"metadata":{"k":"y"}}]],"took_ms":0,"visited":3})"
  );
  EXPECT_EQ(ids(search(R"({"vector":[6,7]})")), "cba");
  EXPECT_EQ(ids(search(R"({"vector":[6,7],"exact":true,"nprobe":3,"unknown":[]})")), "cba");
}

TEST_F(ApiSearchTest, ManyQueriesAreAnsweredInOrder) {
  const auto answer = search(R"({"vectors":[[0,0],[6,8]],"k":1})");
  const auto* results = answer.json.find("results")->as_array();
  ASSERT_EQ(results->size(), 2U);
  EXPECT_EQ(*results->at(0).as_array()->at(0).find("id")->as_string(), "a");
  EXPECT_EQ(*results->at(1).as_array()->at(0).find("id")->as_string(), "c");
}

TEST_F(ApiSearchTest, IncludeChoosesWhatComesAlong) {
  const auto members = [&](const std::string& include) {
    const auto answer = search(R"({"vector":[0,0],"k":1,"include":)" + include + "}");
    if (answer.status != 200) return std::to_string(answer.status) + answer["member"];
    std::string names;
    for (const auto& [name, value] :
         *answer.json.find("results")->as_array()->at(0).as_array()->at(0).as_object())
      names += name[0];
    return names;
  };
  EXPECT_EQ(members("{}"), "idm");
  EXPECT_EQ(members(R"({"values":true})"), "idmv");
  EXPECT_EQ(members(R"({"metadata":false})"), "id");
  EXPECT_EQ(members("[]"), "id");
  EXPECT_EQ(members(R"(["values"])"), "idv");
  EXPECT_EQ(members(R"(["metadata","values"])"), "idmv");
  for (const char* bad :
       {"7", "\"values\"", "[7]", "[\"vector\"]", "{\"values\":1}", "{\"v\":true}"})
    EXPECT_EQ(members(bad), "422include") << bad;
}

TEST_F(ApiSearchTest, AFilterNarrows) {
  EXPECT_EQ(ids(search(R"({"vector":[0,0],"filter":{"must":[{"key":"k","match":"y"}]}})")), "b");
  EXPECT_EQ(
      ids(search(R"({"vector":[0,0],"filter":{"must_not":[{"key":"k","exists":true}]}})")), "c"
  );
  EXPECT_EQ(ids(search(R"({"vector":[0,0],"filter":null})")), "abc");
}

TEST_F(ApiSearchTest, WhatCannotBeAskedIsRefusedByMember) {
  struct Case {
    const char* body;
    int status;
    const char* error;
    const char* member;
  };
  const Case cases[] = {
      {"", 400, "bad_request", ""},
      {"{\"vector\":[0,", 400, "bad_request", ""},
      {"[1]", 400, "bad_request", ""},
      {R"({"vector":[0,0],"vectors":[[0,0]]})", 400, "bad_request", ""},
      {R"({"vector":7})", 422, "invalid_vector", "vector"},
      {R"({"vector":[0,"1"]})", 422, "invalid_vector", "vector[1]"},
      {R"({"vector":[0,null]})", 422, "invalid_vector", "vector[1]"},
      {R"({"vector":[1e39,0]})", 422, "invalid_vector", "vector[0]"},
      {R"({"vector":[1e400,0]})", 422, "invalid_vector", "vector[0]"},
      {R"({"vector":[0,NaN]})", 422, "invalid_vector", "vector[1]"},
      {R"({"vectors":[[0,0],[-Infinity,0]]})", 422, "invalid_vector", "vectors[1][0]"},
      {R"({"vector":[0,NaN]},)", 400, "bad_request", ""},
      {R"({"vector":[0,0],"k":18446744073709551616})", 422, "invalid_value", "k"},
      {R"({"vector":[0,0],"nprobe":NaN})", 422, "invalid_value", "nprobe"},
      {R"({"vector":[0]})", 422, "invalid_vector", "vector"},
      {R"({"vector":[0,0,0]})", 422, "invalid_vector", "vector"},
      {R"({"vectors":[]})", 422, "invalid_value", "vectors"},
      {R"({"vectors":[[0,0],[0,-1e39]]})", 422, "invalid_vector", "vectors[1][1]"},
      {R"({"vectors":[[0,0],[0]]})", 422, "invalid_vector", "vectors[1]"},
      {R"({"vectors":{"0":[0,0]}})", 422, "invalid_value", "vectors"},
      {R"({"vector":[0,0],"k":0})", 422, "invalid_value", "k"},
      {R"({"vector":[0,0],"k":-1})", 422, "invalid_value", "k"},
      {R"({"vector":[0,0],"k":10001})", 422, "invalid_value", "k"},
      {R"({"vector":[0,0],"k":2147483648})", 422, "invalid_value", "k"},
      {R"({"vector":[0,0],"k":1.5})", 422, "invalid_value", "k"},
      {R"({"vector":[0,0],"k":"5"})", 422, "invalid_value", "k"},
      {R"({"vector":[0,0],"nprobe":0})", 422, "invalid_value", "nprobe"},
      {R"({"vector":[0,0],"nprobe":99999999999})", 422, "invalid_value", "nprobe"},
      {R"({"vector":[0,0],"exact":"yes"})", 422, "invalid_value", "exact"},
      {R"({"vector":[0,0],"filter":{"must":[{"key":"k","like":"y"}]}})",
       422,
       "invalid_value",
       nullptr},
      {R"({"vector":[0,0],"filter":"k=y"})", 422, "invalid_value", nullptr}};
  for (const auto& one : cases) {
    const auto answer = search(one.body);
    EXPECT_EQ(answer.status, one.status) << one.body << answer.text;
    EXPECT_EQ(answer["error"], one.error) << one.body << answer.text;
    if (one.member) {
      EXPECT_EQ(answer["member"], one.member) << one.body << answer.text;
    }
  }
  std::string many = "[0,0]";
  for (int i = 0; i < 100; ++i) many += ",[0,0]";
  EXPECT_EQ(search("{\"vectors\":[" + many + "]}")["member"], "vectors");
  std::string terms = "7";
  for (int i = 0; i < 10'000; ++i) terms += ",7";
  EXPECT_EQ(
      search("{\"vector\":[0,0],\"filter\":{\"must\":[{\"key\":\"k\",\"any\":[" + terms + "]}]}}")
          .status,
      422
  );
}

// JavaScript prints 1e20 with all its digits.
TEST_F(ApiSearchTest, WholeNumbersBeyond64BitsAreFloats) {
  EXPECT_EQ(search(R"({"vector":[100000000000000000000,0],"k":1})").status, 200);
}

TEST_F(ApiSearchTest, ZeroHasNoDirectionUnderCosine) {
  create("angles", ",\"metric_type\":\"COSINE\"");
  put("angles", R"({"id":"a","values":[2,0]})");
  EXPECT_EQ(post("/indices/angles/search", R"({"vector":[0,0]})")["error"], "invalid_vector");
  const auto answer = post("/indices/angles/search", R"({"vector":[5,0]})");
  EXPECT_EQ(ids(answer), "a");
  EXPECT_NE(answer.text.find("\"distance\":0,"), std::string::npos) << answer.text;
}

TEST_F(ApiSearchTest, AnsweredSearchesAreCountedOnceEverywhere) {
  static_cast<void>(search(R"({"vectors":[[0,0],[1,1]],"k":1})"));
  static_cast<void>(search(R"({"vector":[0,0],"k":1})"));
  static_cast<void>(search(R"({"vector":[0]})"));
  EXPECT_EQ(post("/indices/none/search", R"({"vector":[0,0]})").status, 404);
  const auto counts = stack_.metrics.index("docs");
  EXPECT_EQ(counts->searches_total, 3U);
  EXPECT_EQ(counts->errors_total, 1U);
  for (const auto& [name, ignored] : stack_.metrics.indices()) EXPECT_EQ(name, "docs");
}

}  // namespace
}  // namespace mlgraph::testing
