// Vectors over REST: all of a body or nothing, read back as sent, scrolled, deleted.
#include <set>

#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

const std::string kVectors = "/indices/docs/vectors";

class ApiVectorTest : public ApiTest {
 protected:
  ApiVectorTest() { create("docs", ",\"num_shards\":2"); }
};

TEST_F(ApiVectorTest, RowsAreReadBackAsTheyWereSent) {
  const auto sent = post(
      kVectors,
      R"({"vectors":[{"id":"a","values":[0.1,-2],"metadata":{"t":"x","n":[1,{"k":null}]}},)"
      R"({"id":7,"values":[1e-45,3.4028235e38]}]})"
  );
  EXPECT_EQ(sent.status, 200);
  EXPECT_EQ(sent.text, R"({"upserted":2})");
  EXPECT_EQ(
      get(kVectors + "/a").text,
      R"({"id":"a","values":[0.1,-2],"metadata":{"t":"x","n":[1,{"k":null}]}})"
  );
  EXPECT_EQ(
      get(kVectors + "/7").text, R"({"id":"7","values":[1e-45,3.4028235e+38],"metadata":{}})"
  );
  EXPECT_EQ(get(kVectors + "/b").status, 404);
  EXPECT_EQ(stack_.metrics.index("docs")->ingested_total, 2U);
}

TEST_F(ApiVectorTest, NdjsonIsTakenToo) {
  const auto sent = call(
      "POST",
      "/v1" + kVectors,
      "{\"id\":\"a\",\"values\":[1,2]}\n{\"id\":\"b\",\"values\":[3,4]}\n",
      "application/x-ndjson"
  );
  EXPECT_EQ(sent.text, R"({"upserted":2})");
  EXPECT_EQ(count("docs"), 2U);
}

TEST_F(ApiVectorTest, ABadRowWritesNothing) {
  struct Case {
    const char* row;
    const char* error;
    const char* member;
    int status;
  };
  const Case cases[] = {
      {R"({"id":"b","values":[1]})", "invalid_vector", "vectors[1].values", 422},
      {R"({"id":"b","values":[1,1e39]})", "invalid_vector", "vectors[1].values[1]", 422},
      {R"({"id":"b","values":[1,2],"metadata":3})", "invalid_value", "vectors[1].metadata", 422},
      {R"({"id":"","values":[1,2]})", "invalid_value", "vectors[1].id", 422},
      {R"({"id":"b","values":[1,1e400]})", "invalid_vector", "vectors[1].values[1]", 422},
      {R"({"id":"b","values":[NaN,2]})", "invalid_vector", "vectors[1].values[0]", 422},
      {R"({"id":"b","values":[1,2],"metadata":{"n":NaN}})", "bad_request", "", 400},
      {R"({"id":"b","values":[NaN,2})", "bad_request", "", 400}};
  for (const auto& one : cases) {
    const auto answer =
        post(kVectors, std::string(R"({"vectors":[{"id":"a","values":[1,2]},)") + one.row + "]}");
    EXPECT_EQ(answer.status, one.status) << one.row;
    EXPECT_EQ(answer["error"], one.error) << one.row;
    EXPECT_EQ(answer["member"], one.member) << one.row;
  }
  EXPECT_EQ(post(kVectors, R"({"vectors":[]})").status, 422);
  EXPECT_EQ(post(kVectors, "{}").status, 400);
  EXPECT_EQ(post("/indices/none/vectors", "{").status, 404);
  EXPECT_EQ(count("docs"), 0U);

  create("angles", ",\"metric_type\":\"COSINE\"");
  const auto zero =
      post("/indices/angles/vectors", R"({"vectors":[{"id":"z","values":[0,-0.0]}]})");
  EXPECT_EQ(zero.status, 422);
  EXPECT_EQ(zero["member"], "vectors[0].values");
}

TEST_F(ApiVectorTest, MetadataOfTheGreatestDepthIsKept) {
  const auto row = [](std::size_t levels) {
    return "{\"id\":\"deep\",\"values\":[1,2],\"metadata\":{\"m\":" + std::string(levels - 1, '[') +
           "1" + std::string(levels - 1, ']') + "}}";
  };
  put("docs", row(32));
  EXPECT_EQ(get(kVectors + "/deep").status, 200);
  EXPECT_EQ(post(kVectors, "{\"vectors\":[" + row(33) + "]}")["member"], "vectors[0].metadata");
}

TEST_F(ApiVectorTest, OfEqualIdsTheLastStands) {
  EXPECT_EQ(
      post(kVectors, R"({"vectors":[{"id":"a","values":[1,1]},{"id":"a","values":[2,2]}]})").status,
      200
  );
  put("docs", R"({"id":"b","values":[3,3]})");
  EXPECT_EQ(get(kVectors + "/a")["values"], "[2,2]");
  EXPECT_EQ(count("docs"), 2U);
}

TEST_F(ApiVectorTest, AnyTextIsAnIdInAPath) {
  put("docs", R"({"id":"a/b c%é\n\"","values":[1,2]})");
  const std::string path = kVectors + "/a%2Fb%20c%25%C3%A9%0A%22";
  EXPECT_EQ(get(path)["id"], "a/b c%\xc3\xa9\n\"");
  EXPECT_EQ(call("DELETE", "/api/v1" + path).text, R"({"deleted":1})");
  EXPECT_EQ(get(path).status, 404);
  const auto missing = get(kVectors + "/%ff%0a");
  EXPECT_EQ(missing.status, 404);
  EXPECT_TRUE(missing.json.as_object())
      << "an error is JSON whatever was asked for: " << missing.text;
}

TEST_F(ApiVectorTest, ScrollingComesByEveryRowOnce) {
  std::set<std::string> wanted;
  std::string rows;
  for (int i = 0; i < 57; ++i) {
    wanted.insert("v" + std::to_string(i));
    rows += (i ? "," : "") + fmt::format(R"({{"id":"v{}","values":[{},0]}})", i, i);
  }
  put("docs", rows);
  std::set<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = get(kVectors + "?limit=10" + (after.empty() ? "" : "&after=" + after));
    ASSERT_EQ(page.status, 200) << page.text;
    const auto* vectors = page.json.find("vectors")->as_array();
    EXPECT_LE(vectors->size(), 10U);
    for (const auto& record : *vectors)
      EXPECT_TRUE(seen.insert(*record.find("id")->as_string()).second);
    if (page.json.find("next")->is_null()) break;
    after = page["next"];
  }
  EXPECT_EQ(seen, wanted);
  for (const char* limit : {"0", "1001", "-1", "ten", "", "1.5"}) {
    const auto refused = get(kVectors + "?limit=" + limit);
    EXPECT_EQ(refused.status, 422) << limit;
    EXPECT_EQ(refused["member"], "limit");
  }
}

TEST_F(ApiVectorTest, DeleteTakesIdsOrAFilter) {
  put("docs",
      R"({"id":"a","values":[1,2],"metadata":{"k":"x"}},{"id":"b","values":[1,2],"metadata":{"k":"y"}},)"
      R"({"id":"18446744073709551615","values":[1,2]},{"id":"7","values":[1,2],"metadata":{"k":"y"}})"
  );
  EXPECT_EQ(
      post(kVectors + "/delete", R"({"ids":["a","none",18446744073709551615]})").text,
      R"({"deleted":2})"
  );
  EXPECT_EQ(
      post(kVectors + "/delete", R"({"filter":{"must":[{"key":"k","match":"y"}]}})").text,
      R"({"deleted":2})"
  );
  EXPECT_EQ(count("docs"), 0U);
  for (const char* body :
       {"{}",
        "[]",
        R"({"ids":["a"],"filter":{}})",
        R"({"ids":"a"})",
        R"({"ids":[1.5]})",
        R"({"ids":[null]})",
        R"({"filter":7})",
        R"({"filter":{"must":[{"key":"k"}]}})"}) {
    const auto refused = post(kVectors + "/delete", body);
    EXPECT_TRUE(refused.status == 400 || refused.status == 422) << body << refused.text;
  }
  EXPECT_EQ(post("/indices/none/vectors/delete", R"({"ids":[]})").status, 404);
}

TEST_F(ApiVectorTest, AFilterWithoutAConditionDeletesNothing) {
  put("docs", R"({"id":"a","values":[1,2]},{"id":"b","values":[3,4]})");
  for (const char* filter :
       {"{}",
        R"({"must":[]})",
        R"({"must":[],"should":[],"must_not":[]})",
        R"({"must":[{"should":[]}]})",
        "null"}) {
    const auto refused = post(kVectors + "/delete", std::string("{\"filter\":") + filter + "}");
    EXPECT_EQ(refused.status, 422) << filter << refused.text;
    EXPECT_EQ(refused["member"].find("filter"), 0U) << filter;
  }
  EXPECT_EQ(count("docs"), 2U);
  EXPECT_EQ(
      post(kVectors + "/delete", R"({"filter":{"must_not":[{"key":"k","exists":true}]}})").text,
      R"({"deleted":2})"
  );
}

}  // namespace
}  // namespace mlgraph::testing
