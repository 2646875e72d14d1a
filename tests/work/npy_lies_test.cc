// NPY headers are not to be believed: each lie is found out without allocating what it promises.
#include <gtest/gtest.h>

#include "work/npy_header.h"
#include "work/vector_files.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;
const std::string kPayload = raw(std::vector<float>{1, 2, 3, 4});

ReadFile read_npy(const std::string& dictionary, const std::string& payload = kPayload) {
  return read_all(kNpy, npy(dictionary, payload), 2);
}

TEST(Npy, ReadsEveryVersionAndBothWidths) {
  const std::vector<ReadRow> rows = {{"0", {1, 2}, ""}, {"1", {3, 4}, ""}};
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(read_all(kNpy, npy(npy_dictionary("(2, 2)"), kPayload, version), 2).rows, rows);
    const std::string doubles = raw(std::vector<double>{1, 2, 3, 4});
    EXPECT_EQ(read_all(kNpy, npy(npy_dictionary("(2, 2)", "<f8"), doubles, version), 2).rows, rows);
  }
  EXPECT_EQ(read_npy(R"({"shape":(2,2),"fortran_order":False,"descr":"<f4"})").rows, rows);
  EXPECT_EQ(read_npy(npy_dictionary("( 2 , 2 ,)")).rows, rows);
  const auto file = read_npy(npy_dictionary("(2, 2)"));
  EXPECT_EQ(file.total, 2U);
  EXPECT_FALSE(file.error);
}

template <typename Number>
void reads_as_itself(const std::string& descr) {
  const std::vector<Number> numbers = {
      0, 1, std::numeric_limits<Number>::max(), std::numeric_limits<Number>::min()};
  const auto file = read_all(kNpy, npy(npy_dictionary("(2, 2)", descr), raw(numbers)), 2);
  ASSERT_FALSE(file.error) << descr << file.error->message;
  const auto f = [&](std::size_t i) { return static_cast<float>(numbers[i]); };
  EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"0", {f(0), f(1)}, ""}, {"1", {f(2), f(3)}, ""}}))
      << descr;
}

TEST(Npy, ReadsIntegersOfEveryWidth) {
  reads_as_itself<std::uint8_t>("|u1");
  reads_as_itself<std::int8_t>("|i1");
  reads_as_itself<std::uint16_t>("<u2");
  reads_as_itself<std::int16_t>("<i2");
  reads_as_itself<std::uint32_t>("<u4");
  reads_as_itself<std::int32_t>("<i4");
  reads_as_itself<std::uint64_t>("<u8");
  reads_as_itself<std::int64_t>("<i8");
}

TEST(Npy, ReadsHalves) {
  // One, the largest, the least normal, the least of all, their negatives; infinity and NaN.
  const std::vector<std::uint16_t> halves = {
      0x3c00, 0x7bff, 0x0400, 0x0001, 0xbc00, 0xfbff, 0x8400, 0x8001, 0x7c00, 0, 0x7e00, 0};
  const auto file = read_all(kNpy, npy(npy_dictionary("(6, 2)", "<f2"), raw(halves)), 2);
  EXPECT_FALSE(file.error);
  EXPECT_EQ(
      file.rows,
      (std::vector<ReadRow>{
          {"0", {1, 65'504}, ""},
          {"1", {0x1p-14F, 0x1p-24F}, ""},
          {"2", {-1, -65'504}, ""},
          {"3", {-0x1p-14F, -0x1p-24F}, ""}})
  );
  EXPECT_EQ(file.bad.size(), 2U);
}

TEST(Npy, AHeaderOfOurOwnIsRead) {
  for (const std::uint64_t rows : {1ULL, 99ULL, 1'000'000ULL}) {
    const auto header = work::make_npy_header(rows, 2);
    EXPECT_EQ(header.size() % 64, 0U);
    EXPECT_EQ(read_all(kNpy, header, 2).total, rows);
  }
}

TEST(Npy, NoRowsIsAWholeFile) {
  const auto file = read_npy(npy_dictionary("(0, 2)"), "");
  EXPECT_FALSE(file.error);
  EXPECT_EQ(file.total, 0U);
}

TEST(Npy, ValuesThatAreNotFiniteInThirtyTwoBitsArePassedOver) {
  const std::string payload = raw(std::vector<double>{1e39, 0, 1, -1e308, 5, 6});
  const auto file = read_all(kNpy, npy(npy_dictionary("(3, 2)", "<f8"), payload), 2);
  EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"2", {5, 6}, ""}}));
  ASSERT_EQ(file.bad.size(), 2U);
  EXPECT_NE(file.bad[0].second.find("value 0"), std::string::npos) << file.bad[0].second;
  EXPECT_NE(file.bad[1].second.find("value 1"), std::string::npos) << file.bad[1].second;
}

TEST(Npy, HeadersThatCannotBeReadAreRefused) {
  const std::string dictionaries[] = {
      "",
      "{}",
      "{'descr': '<f4', 'fortran_order': False}",
      npy_dictionary("(2, 2)", ">f4"),
      npy_dictionary("(2, 2)", "<c8"),
      npy_dictionary("(2, 2)", "<f16"),
      npy_dictionary("(2, 2)", "|b1"),
      npy_dictionary("(2, 2)", "|O"),
      npy_dictionary("(2, 2)", "<f4", "True"),
      npy_dictionary("(2, 2)", "<f4", "Maybe"),
      npy_dictionary("(4,)"),
      npy_dictionary("()"),
      npy_dictionary("(1, 2, 2)"),
      npy_dictionary("(-2, 2)"),
      npy_dictionary("(2.0, 2)"),
      npy_dictionary("(99999999999999999999, 2)"),
      npy_dictionary("2, 2"),
      "{'fortran_order': False, 'shape': (2, 2), 'descr':",
      "{'fortran_order': False, 'shape': (2, 2), 'descr'",
      "{'descr': '<f4', 'shape': (2, 2), 'fortran_order':",
      "{'descr': '<f4', 'fortran_order': False, 'shape':",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,"};
  for (const auto& dictionary : dictionaries) {
    // The line end after the dictionary must not be what saves the reader.
    std::string file = npy(dictionary, "");
    file.pop_back();
    file[8] = static_cast<char>(dictionary.size());
    for (const auto& bytes : {file + kPayload, npy(dictionary, kPayload)}) {
      const auto read = read_all(kNpy, bytes, 2);
      ASSERT_TRUE(read.error) << dictionary;
      EXPECT_EQ(read.error->code, ErrorCode::kBadRequest) << dictionary;
      EXPECT_TRUE(read.rows.empty());
    }
  }
}

TEST(Npy, EveryPrefixOfAFileIsRefusedNamingThePlace) {
  const std::string whole = npy(npy_dictionary("(2, 2)"), kPayload);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto file = read_all(kNpy, whole.substr(0, size), 2);
    ASSERT_TRUE(file.error) << size;
    EXPECT_EQ(file.error->code, ErrorCode::kBadRequest) << size;
    EXPECT_EQ(file.rows.size(), size + 8 >= whole.size() ? 1U : 0U) << size;
  }
  const auto last = read_all(kNpy, whole.substr(0, whole.size() - 1), 2);
  EXPECT_NE(last.error->message.find("row 1 of 2"), std::string::npos) << last.error->message;
}

TEST(Npy, BytesAfterTheLastRowAreRefused) {
  const auto file = read_npy(npy_dictionary("(2, 2)"), kPayload + "x");
  ASSERT_TRUE(file.error);
  EXPECT_NE(file.error->message.find("goes on after its 2 rows"), std::string::npos);
  EXPECT_EQ(file.rows.size(), 2U);
}

TEST(Npy, AnotherDimensionThanTheIndexHasIsInvalidAsAWhole) {
  for (const char* shape : {"(2, 3)", "(2, 0)", "(1, 4)", "(2, 18446744073709551615)"}) {
    const auto file = read_npy(npy_dictionary(shape));
    ASSERT_TRUE(file.error) << shape;
    EXPECT_EQ(file.error->code, ErrorCode::kInvalidVector) << shape;
    EXPECT_NE(file.error->message.find("the index has dimension 2"), std::string::npos);
  }
}

TEST(Npy, HugeCountsCostNothingAndEndAtTheBodysEnd) {
  const std::string bytes = npy(npy_dictionary("(18446744073709551615, 2)"), kPayload);
  const auto streamed = read_all(kNpy, bytes, 2);
  ASSERT_TRUE(streamed.error);
  EXPECT_EQ(streamed.rows.size(), 2U);

  PiecewiseBytes known(bytes);
  known.with_length(bytes.size());
  const auto measured = read_all(kNpy, known, 2);
  ASSERT_TRUE(measured.error);
  EXPECT_TRUE(measured.rows.empty());
  EXPECT_NE(measured.error->message.find("promises 18446744073709551615 rows"), std::string::npos);

  std::string header = npy("", "", 2);
  header.replace(8, 4, "\xff\xff\xff\xff");
  const auto claimed = read_all(kNpy, header, 2);
  ASSERT_TRUE(claimed.error);
  EXPECT_NE(claimed.error->message.find("claims 4294967295 bytes"), std::string::npos);
}

TEST(Npy, OtherMagicAndVersionsAreRefused) {
  std::string bytes = npy(npy_dictionary("(2, 2)"), kPayload);
  bytes[6] = 4;
  EXPECT_NE(read_all(kNpy, bytes, 2).error->message.find("version 4"), std::string::npos);
  bytes[6] = 0;
  EXPECT_TRUE(read_all(kNpy, bytes, 2).error);
  bytes[0] = 'P';
  EXPECT_NE(read_all(kNpy, bytes, 2).error->message.find("no NPY file"), std::string::npos);
}

}  // namespace
}  // namespace mlgraph::testing
