// The readers of vector files: what they take, what they pass over and tell, and that it does not
// matter in which pieces a file arrives.
#include "work/row_source.h"

#include <gtest/gtest.h>

#include "work/vector_files.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;

TEST(Jsonl, ReadsIdsValuesAndMetadata) {
  const auto file = read_all(
      kJsonl,
      "{\"id\":\"a\",\"values\":[1,2.5]}\n"
      "\n"
      "  {\"metadata\":{\"k\": [1, {\"x\": \"y\"}]}, \"extra\":1, \"values\":[-3,4e0], "
      "\"id\":42}\r\n"
      "{\"id\":18446744073709551615,\"values\":[0,0],\"metadata\":null}",
      2
  );
  EXPECT_FALSE(file.error);
  EXPECT_TRUE(file.bad.empty());
  EXPECT_EQ(
      file.rows,
      (std::vector<ReadRow>{
          {"a", {1, 2.5}, ""},
          {"42", {-3, 4}, R"({"k":[1,{"x":"y"}]})"},
          {"18446744073709551615", {0, 0}, ""}})
  );
  EXPECT_FALSE(file.total);
}

TEST(Jsonl, ABadLineIsToldAndPassedOver) {
  struct Case {
    const char* line;
    const char* told;
  };
  const Case cases[] = {
      {"{", "JSON"},
      {"[1,2]", "must be an object"},
      {"{\"values\":[1,2]}", "id is missing"},
      {"{\"id\":true,\"values\":[1,2]}", "must be a text or a whole number"},
      {"{\"id\":1.5,\"values\":[1,2]}", "must be a text or a whole number"},
      {"{\"id\":\"\",\"values\":[1,2]}", "has 0 bytes"},
      {"{\"id\":\"x\"}", "values must be an array"},
      {"{\"id\":\"x\",\"values\":\"1,2\"}", "values must be an array"},
      {"{\"id\":\"x\",\"values\":[1]}", "has 1 numbers, the index has dimension 2"},
      {"{\"id\":\"x\",\"values\":[1,2,3]}", "has 3 numbers, the index has dimension 2"},
      {"{\"id\":\"x\",\"values\":[1,null]}", "values[1] is no number"},
      {"{\"id\":\"x\",\"values\":[1e39,2]}", "values[0] is not a finite 32-bit number"},
      {"{\"id\":\"x\",\"values\":[1,1e400]}", "values[1] is not a finite 32-bit number"},
      {"{\"id\":\"x\",\"values\":[1,NaN]}", "values[1] is not a finite 32-bit number"},
      {"{\"id\":\"x\",\"values\":[-Infinity,1]}", "values[0] is not a finite 32-bit number"},
      {"{\"id\":\"x\",\"values\":[1,2],\"metadata\":{\"n\":NaN}}", "JSON"},
      {"{\"id\":\"x\",\"values\":[1,2],\"metadata\":[1]}", "metadata must be an object"},
      {"{\"id\":\"x\",\"values\":[1,2]} {}", "JSON"},
      {"\xef\xbb\xbf{\"id\":\"x\",\"values\":[1,2]}", "JSON"},
      {"{\"id\":\"\xff\",\"values\":[1,2]}", "JSON"},
  };
  for (const auto& one : cases) {
    const auto file = read_all(
        kJsonl,
        std::string("{\"id\":\"a\",\"values\":[1,2]}\n") + one.line +
            "\n{\"id\":\"b\",\"values\":[3,4]}\n",
        2
    );
    EXPECT_FALSE(file.error) << one.line;
    ASSERT_EQ(file.bad.size(), 1U) << one.line;
    EXPECT_EQ(file.bad[0].first, 1U) << one.line;
    EXPECT_NE(file.bad[0].second.find(one.told), std::string::npos) << file.bad[0].second;
    EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"a", {1, 2}, ""}, {"b", {3, 4}, ""}})) << one.line;
  }
}

TEST(Jsonl, WholeNumbersBeyond64BitsAreFloats) {
  const auto file = read_all(
      kJsonl, "{\"id\":\"x\",\"values\":[100000000000000000000,-18446744073709551616]}\n", 2
  );
  EXPECT_TRUE(file.bad.empty());
  EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"x", {1e20F, -18446744073709551616.0F}, ""}}));
}

TEST(Jsonl, ALastLineMayLackItsEndButNotItsRest) {
  const std::string first = "{\"id\":\"a\",\"values\":[1,2]}\n";
  const std::string last = "{\"id\":\"b\",\"values\":[3,4]}";
  EXPECT_EQ(read_all(kJsonl, first + last, 2).rows.size(), 2U);
  for (std::size_t size = 1; size < last.size(); ++size) {
    const auto cut = read_all(kJsonl, first + last.substr(0, size), 2);
    ASSERT_TRUE(cut.error) << size;
    EXPECT_EQ(cut.error->code, ErrorCode::kBadRequest);
    EXPECT_EQ(cut.error->message.find("the body ends in the middle of row 1: "), 0U)
        << cut.error->message;
    EXPECT_EQ(cut.rows.size(), 1U) << "what came before is read";
    EXPECT_EQ(read_all(kJsonl, first + last.substr(0, size) + "\n", 2).bad.size(), 1U)
        << "a line that was ended is a bad row";
  }
  // Whole, but of no use: that is a bad row too.
  const auto narrow = read_all(kJsonl, first + "{\"id\":\"b\",\"values\":[3]}", 2);
  EXPECT_FALSE(narrow.error);
  EXPECT_EQ(narrow.bad.size(), 1U);
}

TEST(Jsonl, ALineWithoutEndIsRefusedAtItsLimit) {
  const auto file = read_all(kJsonl, std::string((4 << 20) + 2, ' ') + "\n", 2);
  ASSERT_TRUE(file.error);
  EXPECT_EQ(file.error->code, ErrorCode::kTooLarge);
  EXPECT_NE(file.error->message.find("4194304"), std::string::npos) << file.error->message;
}

TEST(Csv, TakesAHeaderOrNone) {
  const std::vector<ReadRow> rows = {{"a", {1, 2}, ""}, {"b", {-3, 0.5}, ""}};
  EXPECT_EQ(read_all(kCsv, "a,1,2\nb,-3,.5\n", 2).rows, rows);
  EXPECT_EQ(read_all(kCsv, "id,x,y\na,1,2\nb,-3,5e-1", 2).rows, rows);
  EXPECT_EQ(
      read_all(kCsv, "\"id\",\"x\",\"y\"\r\na,\"1\", 2 \r\n\r\n \"b\" ,-3,0.5\r\n", 2).rows, rows
  );
  const auto quoted = read_all(kCsv, "\"a,\"\"b\"\"\",1,2\n", 2);
  EXPECT_EQ(quoted.rows, (std::vector<ReadRow>{{"a,\"b\"", {1, 2}, ""}}));
}

// RFC 4180, section 2: quotes, doubled quotes, commas and line breaks inside of them.
TEST(Csv, AQuotedFieldHoldsWhatItLikes) {
  const auto id_of = [](const std::string& field) -> std::string {
    const auto file = read_all(kCsv, field + ",1,2\r\nnext,3,4\r\n", 2);
    if (file.rows.size() != 2 || file.rows[1].id != "next") return "not two rows";
    EXPECT_EQ(file.rows[0].values, (std::vector<float>{1, 2}));
    return file.rows[0].id;
  };
  EXPECT_EQ(id_of("\"a\nb\""), "a\nb");
  EXPECT_EQ(id_of("\"a\r\n\r\nb\""), "a\r\n\r\nb");
  EXPECT_EQ(id_of("\"\n\""), "\n");
  EXPECT_EQ(id_of("\"a,b\""), "a,b");
  EXPECT_EQ(id_of("\"\"\"a\"\"\n\"\"\"\"\""), "\"a\"\n\"\"");
  EXPECT_EQ(id_of("a\"b"), "a\"b") << "a quote inside of a plain field is one of its characters";
  EXPECT_EQ(id_of(" a "), " a ") << "blanks are part of a field";
  EXPECT_EQ(read_all(kCsv, "id,\"first\nvalue\",y\na,1,2\n", 2).rows.size(), 1U);
}

TEST(Csv, TextBehindAClosingQuoteIsABadRow) {
  const auto file = read_all(kCsv, "\"a\"b,1,2\nc,\"1\"0,2\nd,1,2\n", 2);
  EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"d", {1, 2}, ""}}));
  ASSERT_EQ(file.bad.size(), 2U);
  EXPECT_NE(file.bad[0].second.find("closing quote"), std::string::npos) << file.bad[0].second;
}

TEST(Csv, ABodyThatEndsInTheMiddleOfARowIsBroken) {
  for (const char* end :
       {"b", "b,", "b,1", "b,1,", "b,1,-", "b,1,2e", "\"b", "b,\"1\n", "b,1,\"2"}) {
    const auto cut = read_all(kCsv, std::string("a,1,2\n") + end, 2);
    ASSERT_TRUE(cut.error) << end;
    EXPECT_EQ(cut.error->code, ErrorCode::kBadRequest) << end;
    EXPECT_NE(cut.error->message.find("row 1"), std::string::npos) << cut.error->message;
    EXPECT_EQ(cut.rows.size(), 1U) << end;
  }
  for (const char* end : {"b,1,two", "b,1,2,3", ",1,2", "b,nan,2"}) {
    const auto whole = read_all(kCsv, std::string("a,1,2\n") + end, 2);
    EXPECT_FALSE(whole.error) << end;
    EXPECT_EQ(whole.bad.size(), 1U) << end;
  }
}

TEST(Csv, AQuoteThatIsNeverClosedEndsAtTheLimit) {
  const auto file = read_all(kCsv, "a,1,2\n\"" + std::string((4 << 20) + 2, '\n'), 2);
  ASSERT_TRUE(file.error);
  EXPECT_EQ(file.error->code, ErrorCode::kTooLarge);
  EXPECT_EQ(file.rows.size(), 1U);
}

// Spreadsheets and some editors begin their texts with it.
TEST(RowSource, AByteOrderMarkCostsNoRow) {
  const std::string mark = "\xef\xbb\xbf";
  for (std::size_t piece = 1; piece < 6; ++piece) {
    for (const auto& [type, bytes] : std::vector<std::pair<std::string, std::string>>{
             {kJsonl, "{\"id\":\"a\",\"values\":[1,2]}\n"},
             {kCsv, "a,1,2\n"},
             {kCsv, "id,x,y\na,1,2\n"},
             {kCsv, "\"a\",1,2\n"}}) {
      PiecewiseBytes source(mark + bytes, piece);
      const auto file = read_all(type, source, 2);
      EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"a", {1, 2}, ""}})) << bytes;
      EXPECT_TRUE(file.bad.empty()) << bytes;
      EXPECT_EQ(file.bytes_read, mark.size() + bytes.size());
    }
    PiecewiseBytes alone(mark.substr(0, piece), piece);
    EXPECT_EQ(read_all(kCsv, alone, 2).error.has_value(), piece < 3) << "a part of it is no row";
  }
}

TEST(Csv, AFirstRowOfNumbersIsARowHoweverWrong) {
  for (const char* line : {"a,1", "a,1,2,3", "a,1,nan", "a,1,1e39", "a,1,x", ",1,2"}) {
    const auto file = read_all(kCsv, std::string(line) + "\nb,3,4\n", 2);
    EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"b", {3, 4}, ""}})) << line;
    ASSERT_EQ(file.bad.size(), 1U) << line;
    EXPECT_EQ(file.bad[0].first, 0U) << line;
  }
}

TEST(Csv, ABadLineIsToldAndPassedOver) {
  struct Case {
    const char* line;
    const char* told;
  };
  const Case cases[] = {
      {",1,2", "the id has 0 bytes"},
      {"x", "0 values, the index has dimension 2"},
      {"x,1", "1 values, the index has dimension 2"},
      {"x,1,2,3", "more values than the index's dimension 2"},
      {"x,1,two", "value 1 'two'"},
      {"x,1,", "value"},
      {"x,inf,2", "value 0 'inf'"},
      {"x,1e39,2", "value 0 '1e39'"},
      {"x,1 2,3", "value 0 '1 2'"},
      {"\xff\xfe,1,2", "UTF-8"},
  };
  for (const auto& one : cases) {
    const auto file = read_all(kCsv, std::string("a,1,2\n") + one.line + "\nb,3,4\n", 2);
    EXPECT_EQ(file.rows.size(), 2U) << one.line;
    ASSERT_EQ(file.bad.size(), 1U) << one.line;
    EXPECT_EQ(file.bad[0].first, 1U) << one.line;
    EXPECT_NE(file.bad[0].second.find(one.told), std::string::npos) << file.bad[0].second;
  }
}

TEST(Fvecs, ReadsRowsAndKnowsTheirNumber) {
  const std::string bytes = fvecs({{1, 2, 3}, {4, 5, 6}});
  PiecewiseBytes source(bytes);
  source.with_length(bytes.size());
  const auto file = read_all(kFvecs, source, 3, 1'000, "f-");
  EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"f-0", {1, 2, 3}, ""}, {"f-1", {4, 5, 6}, ""}}));
  EXPECT_EQ(file.total, 2U);
  EXPECT_EQ(file.bytes_read, bytes.size());
}

TEST(Fvecs, DamageNamesItsRow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto passed = read_all(kFvecs, fvecs({{1, 2}, {nan, 2}, {3, 4}}), 2);
  EXPECT_EQ(passed.rows.size(), 2U);
  ASSERT_EQ(passed.bad.size(), 1U);
  EXPECT_EQ(passed.bad[0].first, 1U);
  EXPECT_EQ(passed.rows[1].id, "2");

  const auto narrow = read_all(kFvecs, fvecs({{1, 2}, {1}}), 2);
  ASSERT_TRUE(narrow.error);
  EXPECT_EQ(narrow.error->code, ErrorCode::kInvalidVector);
  EXPECT_NE(narrow.error->message.find("row 1"), std::string::npos);

  const std::string whole = fvecs({{1, 2}, {3, 4}});
  for (std::size_t size = 13; size < whole.size(); ++size) {
    const auto cut = read_all(kFvecs, whole.substr(0, size), 2);
    ASSERT_TRUE(cut.error) << size;
    EXPECT_EQ(cut.error->code, ErrorCode::kBadRequest);
    EXPECT_NE(cut.error->message.find("row 1"), std::string::npos) << cut.error->message;
    EXPECT_EQ(cut.rows.size(), 1U);
  }
  const auto huge = read_all(kFvecs, raw(std::vector<std::int32_t>{0x7fffffff}), 2);
  EXPECT_EQ(huge.error->code, ErrorCode::kInvalidVector);
  const auto negative = read_all(kFvecs, raw(std::vector<std::int32_t>{-2}), 2);
  EXPECT_EQ(negative.error->code, ErrorCode::kInvalidVector);
}

TEST(RowSource, FilesArriveInAnyPiecesAndBatches) {
  const std::pair<std::string, std::string> files[] = {
      {kJsonl,
       "{\"id\":\"a\",\"values\":[1,2]}\r\n\n{\"id\":\"bad\"}\n"
       "{\"id\":\"b\",\"values\":[3,4],\"metadata\":{\"n\":1}}\n{\"id\":\"c\",\"values\":[5,6]}"},
      {kCsv, "id,x,y\r\na,1,2\n\nbad,x\nb,3,4\r\n\"c,\"\"c\",5,6"},
      {kCsv, "\xef\xbb\xbf\"a\r\n,\"\"\n\",1,2\r\n\"b\n\"x,1,2\nc,\"5\",6\nd,1"},
      {kJsonl, "\xef\xbb\xbf{\"id\":\"a\",\"values\":[1,2]}\n{\"id\":\"b\",\"val"},
      {kFvecs, fvecs({{1, 2}, {std::numeric_limits<float>::infinity(), 0}, {3, 4}, {5, 6}})},
      {kNpy, npy(npy_dictionary("(3, 2)"), raw(std::vector<float>{1, 2, 3, 4, 5, 6}))},
      {kNpy, npy(npy_dictionary("(2, 2)", "<f8"), raw(std::vector<double>{1, 2, 1e300, 4}), 2)},
      // Broken ends: what came before is read all the same.
      {kNpy, npy(npy_dictionary("(3, 2)"), raw(std::vector<float>{1, 2, 3, 4, 5}))},
      {kBvecs, bvecs({{1, 2}, {3, 4}, {5, 6}})},
      {kBvecs, bvecs({{1, 2}, {3, 4}}) + bvecs({{5, 6}}).substr(0, 5)},
      {kFvecs, fvecs({{1, 2}, {3, 4}}) + "x"}};
  for (const auto& [type, bytes] : files) {
    const auto whole = read_all(type, bytes, 2);
    EXPECT_FALSE(whole.rows.empty());
    for (std::size_t piece = 1; piece <= 40; ++piece)
      for (const std::size_t rows_max : {1UL, 2UL, 3UL, 1'000UL}) {
        PiecewiseBytes source(bytes, piece);
        const auto read = read_all(type, source, 2, rows_max);
        EXPECT_EQ(read.rows, whole.rows) << type << " in pieces of " << piece;
        EXPECT_EQ(read.bad, whole.bad) << type << " in pieces of " << piece;
        EXPECT_EQ(read.error.has_value(), whole.error.has_value());
        EXPECT_EQ(read.bytes_read, whole.bytes_read);
      }
  }
}

TEST(Bvecs, ReadsBytesAndKnowsItsRows) {
  PiecewiseBytes source(bvecs({{0, 255}, {7, 8}}));
  source.with_length(12);
  const auto file = read_all(kBvecs, source, 2, 1'000, "b");
  EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"b0", {0, 255}, ""}, {"b1", {7, 8}, ""}}));
  EXPECT_EQ(file.total, 2U);
}

TEST(Bvecs, AnotherDimensionOrAnEndInARowNamesTheRow) {
  const auto wide = read_all(kBvecs, bvecs({{1, 2}, {1, 2, 3}}), 2);
  ASSERT_TRUE(wide.error);
  EXPECT_EQ(wide.error->code, ErrorCode::kInvalidVector);
  EXPECT_EQ(wide.error->message, "row 1 of the bvecs file has dimension 3, the index has 2");
  const std::string rows = bvecs({{1, 2}, {3, 4}});
  for (std::size_t size = 7; size < rows.size(); ++size) {
    const auto cut = read_all(kBvecs, rows.substr(0, size), 2);
    ASSERT_TRUE(cut.error) << size;
    EXPECT_EQ(cut.error->message, "the bvecs file ends in row 1");
    EXPECT_EQ(cut.rows.size(), 1U);
  }
  for (const std::int32_t lie : {-1, 0, INT32_MAX, INT32_MIN})
    EXPECT_TRUE(read_all(kBvecs, raw(std::vector<std::int32_t>{lie, 0}), 2).error) << lie;
}

TEST(RowSource, AnErrorOfTheBytesIsPassedOn) {
  for (const auto& [type, bytes] : std::vector<std::pair<std::string, std::string>>{
           {kJsonl, "{\"id\":\"a\",\"values\":[1,2]}\n{\"id\""},
           {kCsv, "a,1,2\nb,"},
           {kFvecs, fvecs({{1, 2}})},
           {kNpy, npy(npy_dictionary("(2, 2)"), raw(std::vector<float>{1, 2}))}}) {
    PiecewiseBytes source(bytes, 5);
    source.ending_in(ErrorCode::kTimeout);
    const auto file = read_all(type, source, 2);
    ASSERT_TRUE(file.error) << type;
    EXPECT_EQ(file.error->code, ErrorCode::kTimeout) << type;
    EXPECT_EQ(file.rows.size(), 1U) << type;
  }
}

TEST(RowSource, AnUnknownTypeNamesThoseThatAreKnown) {
  for (const char* type : {"", "application/x-parquet", "text/plain", "application/json"}) {
    EXPECT_FALSE(work::is_row_type(type));
    const auto file = read_all(type, "", 2);
    ASSERT_TRUE(file.error);
    EXPECT_EQ(file.error->code, ErrorCode::kBadRequest);
    for (const auto& known : {kJsonl, kCsv, kFvecs, kBvecs, kNpy}) {
      EXPECT_TRUE(work::is_row_type(known));
      EXPECT_NE(file.error->message.find(known), std::string::npos);
    }
  }
}

TEST(RowSource, AnIdPrefixThatCannotStandInAnIdIsRefused) {
  for (const std::string& prefix : {std::string(129, 'p'), std::string("\xff")}) {
    PiecewiseBytes source(fvecs({{1, 2}}));
    const auto file = read_all(kFvecs, source, 2, 10, prefix);
    ASSERT_TRUE(file.error);
    EXPECT_EQ(file.error->code, ErrorCode::kInvalidValue);
    EXPECT_EQ(file.error->member, "id_prefix");
  }
}

TEST(RowSource, EmptyFilesHaveNoRows) {
  for (const auto& type : {kJsonl, kCsv, kFvecs, kBvecs}) {
    const auto file = read_all(type, "", 2);
    EXPECT_FALSE(file.error) << type;
    EXPECT_TRUE(file.rows.empty());
    EXPECT_TRUE(file.bad.empty());
  }
}

}  // namespace
}  // namespace mlgraph::testing
