// A dataset by itself, in this process: rows from anywhere, and nothing that a file merely claims.
#include "hdf5/dataset.h"

#include <fstream>

#include <gtest/gtest.h>

#include "work/hdf5_files.h"

namespace mlgraph::hdf5 {
namespace {

class DatasetTest : public ::testing::Test {
 protected:
  std::string file(const std::string& bytes) {
    std::ofstream(path(), std::ios::binary) << bytes;
    return path();
  }
  [[nodiscard]] std::string path() const { return folder_ / "file.h5"; }
  testing::TempDir folder_;
};

TEST_F(DatasetTest, ReadsRowsFromAnywhere) {
  const auto dataset = Dataset::open(
      file(testing::Hdf5Builder().put<double>("a", {3, 2}, {1, 2, 3, 4, 5, 1e300}).bytes()), "a"
  );
  ASSERT_TRUE(dataset) << dataset.error().message;
  EXPECT_EQ((*dataset)->rows(), 3U);
  EXPECT_EQ((*dataset)->dim(), 2U);
  std::vector<float> two(4);
  ASSERT_TRUE((*dataset)->read(1, two));
  EXPECT_EQ(two, (std::vector<float>{3, 4, 5, INFINITY}));
  EXPECT_FALSE((*dataset)->read(2, two)) << "one row of two is there";
}

TEST_F(DatasetTest, AnEmptyOneHasNoRows) {
  const auto dataset =
      Dataset::open(file(testing::Hdf5Builder().put<float>("a", {0, 2}, {}).bytes()), "a");
  ASSERT_TRUE(dataset) << dataset.error().message;
  EXPECT_EQ((*dataset)->rows(), 0U);
}

TEST_F(DatasetTest, NoFileOrAnotherOneIsToldSo) {
  EXPECT_EQ(Dataset::open(path(), "a").error().code, base::ErrorCode::kInternal);
  EXPECT_EQ(Dataset::open(file("\x93NUMPY"), "a").error().code, base::ErrorCode::kBadRequest);
}

}  // namespace
}  // namespace mlgraph::hdf5
