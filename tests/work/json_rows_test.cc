// The body of POST …/vectors: whole or not at all, and errors that name the member.
#include "work/json_rows.h"

#include <gtest/gtest.h>

namespace mlgraph::work {
namespace {

using base::ErrorCode;

struct Refused {
  ErrorCode code = ErrorCode::kInternal;
  std::string member;
  std::string message;
};
Refused refused(const base::Result<void>& result) {
  if (result) return {ErrorCode::kInternal, "", "was taken"};
  return {result.error().code, result.error().member, result.error().message};
}
Refused refused_body(const std::string& body, std::uint32_t dimension = 2) {
  RowBuffer rows(dimension);
  return refused(parse_vectors_body(body, rows));
}
std::string body_of(const std::string& row) { return "{\"vectors\":[" + row + "]}"; }
std::string nested(std::size_t levels) {
  return "{\"m\":" + std::string(levels - 1, '[') + "1" + std::string(levels - 1, ']') + "}";
}

TEST(VectorsBody, MakesOneBlockOfRows) {
  RowBuffer rows(2);
  ASSERT_TRUE(parse_vectors_body(
      R"({"x":1,"vectors":[{"id":"a","values":[1,2]},)"
      R"({"metadata":{"b" : "\u00e9", "a":[true, null]},"id":-7,"values":[3.5,-0]}]})",
      rows
  ));
  const auto view = rows.view();
  EXPECT_EQ(view.dimension, 2U);
  EXPECT_EQ(
      std::vector<float>(view.values.begin(), view.values.end()), (std::vector<float>{1, 2, 3.5, 0})
  );
  EXPECT_EQ(
      std::vector<std::string_view>(view.ids.begin(), view.ids.end()),
      (std::vector<std::string_view>{"a", "-7"})
  );
  ASSERT_EQ(view.metadata.size(), 2U);
  EXPECT_EQ(view.metadata[0], "");
  EXPECT_EQ(view.metadata[1], "{\"b\":\"\xc3\xa9\",\"a\":[true,null]}");
}

TEST(VectorsBody, NdjsonIsTheSame) {
  RowBuffer rows(1);
  ASSERT_TRUE(parse_vectors_ndjson("{\"id\":1,\"values\":[1]}\r\n\n{\"id\":2,\"values\":[2]}", rows)
  );
  EXPECT_EQ(rows.rows(), 2U);
  RowBuffer bad(1);
  const auto error = refused(
      parse_vectors_ndjson("{\"id\":1,\"values\":[1]}\n\n{\"id\":2,\"values\":[1e39]}\n", bad)
  );
  EXPECT_EQ(error.code, ErrorCode::kInvalidVector);
  EXPECT_EQ(error.member, "vectors[1].values[0]");
  RowBuffer none(1);
  EXPECT_EQ(refused(parse_vectors_ndjson("\n \r\n", none)).code, ErrorCode::kInvalidValue);
}

TEST(VectorsBody, ErrorsNameTheMember) {
  struct Case {
    std::string body;
    ErrorCode code;
    std::string member;
  };
  const std::string good = R"({"id":"a","values":[1,2]},)";
  const Case cases[] = {
      {"", ErrorCode::kBadJson, ""},
      {"{\"vectors\":[", ErrorCode::kBadJson, ""},
      {body_of(R"({"id":"a","values":[1,NaN]})"),
       ErrorCode::kInvalidVector,
       "vectors[0].values[1]"},
      {body_of(good + R"({"id":"b","values":[-Infinity,1]})"),
       ErrorCode::kInvalidVector,
       "vectors[1].values[0]"},
      {body_of(R"({"id":"a","values":[1,1e400]})"),
       ErrorCode::kInvalidVector,
       "vectors[0].values[1]"},
      {body_of("{\"id\":\"a\",\"values\":[1,1" + std::string(39, '0') + "]}"),
       ErrorCode::kInvalidVector,
       "vectors[0].values[1]"},
      // The first fault is the one that is named, and what is no JSON at all stays so.
      {body_of(R"({"id":"a","values":[1]},{"id":"b","values":[1,NaN]})"),
       ErrorCode::kInvalidVector,
       "vectors[0].values"},
      {body_of(R"({"id":"a","values":[1,NaN]},{"id")"), ErrorCode::kBadJson, ""},
      {body_of(R"({"id":"a","values":[1,2],"metadata":{"values":[NaN]}})"),
       ErrorCode::kBadJson,
       ""},
      {body_of(R"({"id":100000000000000000000,"values":[1,2]})"), ErrorCode::kBadJson, ""},
      {"\xef\xbb\xbf{}", ErrorCode::kBadJson, ""},
      {"[]", ErrorCode::kBadRequest, "vectors"},
      {"{}", ErrorCode::kBadRequest, "vectors"},
      {"7", ErrorCode::kBadRequest, "vectors"},
      {R"({"vectors":{}})", ErrorCode::kBadRequest, "vectors"},
      {body_of(""), ErrorCode::kInvalidValue, "vectors"},
      {body_of(good + "3"), ErrorCode::kInvalidValue, "vectors[1]"},
      {body_of(good + R"({"values":[1,2]})"), ErrorCode::kInvalidValue, "vectors[1].id"},
      {body_of(R"({"id":null,"values":[1,2]})"), ErrorCode::kInvalidValue, "vectors[0].id"},
      {body_of(R"({"id":"","values":[1,2]})"), ErrorCode::kInvalidValue, "vectors[0].id"},
      {body_of("{\"id\":\"" + std::string(129, 'x') + "\",\"values\":[1,2]}"),
       ErrorCode::kInvalidValue,
       "vectors[0].id"},
      {body_of(good + R"({"id":"b"})"), ErrorCode::kInvalidVector, "vectors[1].values"},
      {body_of(good + R"({"id":"b","values":{}})"), ErrorCode::kInvalidVector, "vectors[1].values"},
      {body_of(R"({"id":"b","values":[]})"), ErrorCode::kInvalidVector, "vectors[0].values"},
      {body_of(R"({"id":"b","values":[1]})"), ErrorCode::kInvalidVector, "vectors[0].values"},
      {body_of(R"({"id":"b","values":[1,2,3]})"), ErrorCode::kInvalidVector, "vectors[0].values"},
      {body_of(R"({"id":"b","values":[1,"2"]})"),
       ErrorCode::kInvalidVector,
       "vectors[0].values[1]"},
      {body_of(R"({"id":"b","values":[1,[2]]})"),
       ErrorCode::kInvalidVector,
       "vectors[0].values[1]"},
      {body_of(R"({"id":"b","values":[1e39,2]})"),
       ErrorCode::kInvalidVector,
       "vectors[0].values[0]"},
      {body_of(R"({"id":"b","values":[1,-1e39]})"),
       ErrorCode::kInvalidVector,
       "vectors[0].values[1]"},
      {body_of(R"({"id":"b","values":[1,2],"metadata":"x"})"),
       ErrorCode::kInvalidValue,
       "vectors[0].metadata"},
      {body_of(
           "{\"id\":\"b\",\"values\":[1,2],\"metadata\":{\"m\":\"" + std::string(16'384, 'x') +
           "\"}}"
       ),
       ErrorCode::kInvalidValue,
       "vectors[0].metadata"},
  };
  for (const auto& one : cases) {
    const auto error = refused_body(one.body);
    EXPECT_EQ(error.code, one.code) << one.body.substr(0, 80) << ": " << error.message;
    EXPECT_EQ(error.member, one.member) << one.body.substr(0, 80) << ": " << error.message;
    EXPECT_LT(error.message.size(), 300U);
  }
}

// JavaScript prints 1e20 with all its digits.
TEST(VectorsBody, WholeNumbersBeyond64BitsAreFloats) {
  RowBuffer rows(2);
  ASSERT_TRUE(parse_vectors_body(
      body_of(R"({"id":"a","values":[100000000000000000000,-18446744073709551616]})"), rows
  ));
  ASSERT_TRUE(parse_vectors_ndjson(R"({"id":"b","values":[1,1000000000000000000000]})", rows));
  EXPECT_EQ(
      std::vector<float>(rows.view().values.begin(), rows.view().values.end()),
      (std::vector<float>{1e20F, -18446744073709551616.0F, 1, 1e21F})
  );
  EXPECT_EQ(
      refused(
          parse_vectors_ndjson("{\"id\":1,\"values\":[1,2]}\n{\"id\":2,\"values\":[1,NaN]}", rows)
      )
          .member,
      "vectors[1].values[1]"
  );
}

TEST(VectorsBody, LimitsAreReachedBeforeTheyRefuse) {
  const auto with_metadata = [](const std::string& metadata) {
    return body_of("{\"id\":1,\"values\":[1,2],\"metadata\":" + metadata + "}");
  };
  RowBuffer rows(2);
  EXPECT_TRUE(
      parse_vectors_body(with_metadata("{\"m\":\"" + std::string(16'376, 'x') + "\"}"), rows)
  );
  EXPECT_EQ(rows.view().metadata[0].size(), index::kMetadataMax);
  EXPECT_TRUE(parse_vectors_body(
      body_of("{\"id\":\"" + std::string(128, 'x') + "\",\"values\":[1,2]}"), rows
  ));
  EXPECT_TRUE(parse_vectors_body(with_metadata(nested(32)), rows));
  EXPECT_EQ(refused_body(with_metadata(nested(33))).member, "vectors[0].metadata");
  EXPECT_EQ(refused_body(with_metadata(nested(1'000))).member, "vectors[0].metadata");
  EXPECT_EQ(refused_body(with_metadata(nested(5'000))).code, ErrorCode::kBadJson);
  // Denormals and the largest float stand.
  EXPECT_TRUE(parse_vectors_body(body_of(R"({"id":1,"values":[1e-45,3.4028234e38]})"), rows));
}

TEST(VectorsBody, MoreRowsThanARequestMayHaveAreRefused) {
  std::string body = "{\"vectors\":[";
  std::string lines;
  for (std::size_t i = 0; i <= kRowsPerRequestMax; ++i) {
    const std::string row = R"({"id":1,"values":[1]})";
    body += (i ? "," : "") + row;
    lines += row + "\n";
  }
  EXPECT_EQ(refused_body(body + "]}", 1).code, ErrorCode::kTooLarge);
  RowBuffer rows(1);
  EXPECT_EQ(refused(parse_vectors_ndjson(lines, rows)).code, ErrorCode::kTooLarge);
}

TEST(RowBufferTest, ADroppedRowTakesItsValuesAlong) {
  RowBuffer rows(2);
  for (int i = 0; i < 3; ++i) {
    const auto values = rows.next_values();
    values[0] = static_cast<float>(i);
    values[1] = static_cast<float>(-i);
    rows.keep(
        std::string(1, static_cast<char>('a' + i)),
        i == 1 ? "{\"n\":1}" : "",
        10U + static_cast<std::uint64_t>(i)
    );
  }
  rows.next_values()[0] = 99;  // begun, not kept
  EXPECT_EQ(rows.view_of(1).metadata[0], "{\"n\":1}");
  rows.drop(1);
  EXPECT_EQ(rows.rows(), 2U);
  EXPECT_EQ(rows.row_number(1), 12U);
  const auto view = rows.view();
  EXPECT_TRUE(view.metadata.empty());
  EXPECT_EQ(
      std::vector<float>(view.values.begin(), view.values.end()),
      (std::vector<float>{0, -0.0F, 2, -2})
  );
  EXPECT_EQ(rows.view_of(1).ids[0], "c");
  rows.clear();
  EXPECT_EQ(rows.rows(), 0U);
  EXPECT_TRUE(rows.view().values.empty());
}

}  // namespace
}  // namespace mlgraph::work
