// HDF5 files: datasets of every number, spooled or opened in place; what a file says of itself is
// not believed.
#include "work/hdf5_source.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "store/temp_dir.h"
#include "work/hdf5_files.h"
#include "work/import_file.h"
#include "work/spool.h"
#include "work/vector_files.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;

class Hdf5Test : public ::testing::Test {
 protected:
  ReadFile read(work::ByteSource& bytes, const std::string& dataset = "train") {
    ReadFile file;
    const auto source =
        work::make_row_source("application/x-hdf5", bytes, 2, {"h", dataset, spool()}).value();
    work::RowBuffer rows(2);
    for (bool more = true; more;) {
      rows.clear();
      const auto read = source->next(rows, 3, [&](std::uint64_t row, std::string why) {
        file.bad.emplace_back(row, std::move(why));
      });
      const auto view = rows.view();
      for (std::size_t i = 0; i < view.ids.size(); ++i)
        file.rows.push_back(
            {std::string(view.ids[i]), {view.values[2 * i], view.values[2 * i + 1]}, ""}
        );
      if (!read) file.error = read.error();
      more = read && *read;
    }
    file.total = source->total();
    return file;
  }
  ReadFile read(const std::string& bytes, const std::string& dataset = "train") {
    PiecewiseBytes source(bytes, 1'000);
    return read(source, dataset);
  }
  std::string refusal(const std::string& bytes, const std::string& dataset = "train") {
    const auto file = read(bytes, dataset);
    if (!file.error) return "it was read";
    EXPECT_TRUE(file.rows.empty());
    EXPECT_EQ(file.error->code, ErrorCode::kBadRequest);
    return file.error->message;
  }
  [[nodiscard]] std::string spool() const { return folder_ / "spool"; }

  TempDir folder_;
};

const std::vector<float> kFour = {1, 2, 3, 4};
const std::vector<ReadRow> kRows = {{"h0", {1, 2}, ""}, {"h1", {3, 4}, ""}};

TEST_F(Hdf5Test, ReadsEveryKindOfNumber) {
  EXPECT_EQ(read(Hdf5Builder().put<float>("train", {2, 2}, kFour).bytes()).rows, kRows);
  EXPECT_EQ(read(Hdf5Builder().put<double>("train", {2, 2}, {1, 2, 3, 4}).bytes()).rows, kRows);
  EXPECT_EQ(
      read(Hdf5Builder().put<std::uint8_t>("train", {2, 2}, {1, 2, 3, 4}).bytes()).rows, kRows
  );
  const auto file = read(Hdf5Builder().put<std::int64_t>("train", {2, 2}, {1, 2, 3, 4}).bytes());
  EXPECT_EQ(file.rows, kRows);
  EXPECT_EQ(file.total, 2U);
  EXPECT_FALSE(file.error);
}

TEST_F(Hdf5Test, AnyDatasetCanBeNamed) {
  Hdf5Builder builder;
  builder.put<float>("train", {1, 2}, {9, 9}).put<float>("test", {2, 2}, kFour);
  H5Gclose(H5Gcreate2(builder.file(), "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  builder.put<float>("group/inner", {2, 2}, kFour);
  const std::string bytes = builder.bytes();
  EXPECT_EQ(read(bytes, "test").rows, kRows);
  EXPECT_EQ(read(bytes, "group/inner").rows, kRows);
  EXPECT_EQ(read(bytes, "/group/inner").rows, kRows);
  EXPECT_NE(refusal(bytes, "none").find("no dataset 'none'"), std::string::npos);
  EXPECT_NE(refusal(bytes, "group").find("is no dataset"), std::string::npos);
  EXPECT_EQ(read(bytes, "").error->member, "dataset");
}

TEST_F(Hdf5Test, RowsThatAreNotFiniteArePassedOver) {
  const auto file =
      read(Hdf5Builder().put<double>("train", {4, 2}, {1, 2, 1e300, 0, 0, NAN, 3, 4}).bytes());
  EXPECT_EQ(file.rows, (std::vector<ReadRow>{{"h0", {1, 2}, ""}, {"h3", {3, 4}, ""}}));
  ASSERT_EQ(file.bad.size(), 2U);
  EXPECT_EQ(file.bad[0].first, 1U);
  EXPECT_EQ(file.bad[0].second, "value 0 is not a finite 32-bit number");
  EXPECT_EQ(file.bad[1].second, "value 1 is not a finite 32-bit number");
}

TEST_F(Hdf5Test, ManyRowsComeInTheirOrderWithoutFillingMemory) {
  std::vector<float> values(2 * 700'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const auto file = read(Hdf5Builder().put<float>("train", {700'000, 2}, values).bytes());
  ASSERT_EQ(file.rows.size(), 700'000U);
  for (const std::size_t i : {0UL, 524'287UL, 524'288UL, 699'999UL}) {
    EXPECT_EQ(file.rows[i].id, "h" + std::to_string(i));
    EXPECT_EQ(file.rows[i].values[1], static_cast<float>(2 * i + 1));
  }
}

TEST_F(Hdf5Test, PlainChunksAreRead) {
  Hdf5Builder builder;
  const hsize_t chunk[] = {2, 1};  // the last ones stick out
  H5Pset_chunk(builder.layout(), 2, chunk);
  auto rows = kRows;
  rows.push_back({"h2", {5, 6}, ""});
  EXPECT_EQ(read(builder.put<float>("train", {3, 2}, {1, 2, 3, 4, 5, 6}).bytes()).rows, rows);
}

TEST_F(Hdf5Test, OtherShapesAndKindsAreRefused) {
  EXPECT_NE(
      refusal(Hdf5Builder().put<float>("train", {4}, kFour).bytes()).find("1 dimensions"),
      std::string::npos
  );
  EXPECT_NE(
      refusal(Hdf5Builder().put<float>("train", {1, 2, 2}, kFour).bytes()).find("3 dimensions"),
      std::string::npos
  );
  const auto wide = read(Hdf5Builder().put<float>("train", {1, 4}, kFour).bytes());
  EXPECT_EQ(wide.error->code, ErrorCode::kInvalidVector);
  EXPECT_EQ(
      wide.error->message, "the HDF5 dataset has rows of 4 values, the index has dimension 2"
  );
}

TEST_F(Hdf5Test, WhatLeadsOutOfTheFileIsRefused) {
  const std::string secret = folder_ / "secret";
  std::ofstream(secret) << std::string(64, 's');
  Hdf5Builder elsewhere;
  H5Pset_external(elsewhere.layout(), secret.c_str(), 0, H5F_UNLIMITED);
  EXPECT_NE(
      refusal(elsewhere.put<float>("train", {2, 2}, {}).bytes()).find("other files"),
      std::string::npos
  );

  Hdf5Builder links;
  links.put<float>("here", {2, 2}, kFour);
  H5Lcreate_soft("/here", links.file(), "train", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external(secret.c_str(), "/x", links.file(), "out", H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_NE(refusal(links.bytes()).find("is a link"), std::string::npos);
  EXPECT_NE(refusal(links.bytes(), "out").find("is a link"), std::string::npos);
  EXPECT_NE(refusal(links.bytes(), "out/x").find("is a link"), std::string::npos);

  Hdf5Builder view;
  const hsize_t shape[] = {2, 2};
  const hid_t space = H5Screate_simple(2, shape, nullptr);
  H5Pset_virtual(view.layout(), space, secret.c_str(), "x", space);
  EXPECT_NE(
      refusal(view.put<float>("train", {2, 2}, {}).bytes()).find("view of other"), std::string::npos
  );
  H5Sclose(space);
}

TEST_F(Hdf5Test, FiltersAndLargeChunksAreRefused) {
  const hsize_t small[] = {1, 2};
  Hdf5Builder filtered;
  H5Pset_chunk(filtered.layout(), 2, small);
  H5Pset_deflate(filtered.layout(), 6);
  EXPECT_NE(
      refusal(filtered.put<float>("train", {2, 2}, kFour).bytes()).find("filtered"),
      std::string::npos
  );
  const hsize_t large[] = {1U << 25, 2};
  Hdf5Builder chunked;
  H5Pset_chunk(chunked.layout(), 2, large);
  EXPECT_NE(
      refusal(chunked.put<float>("train", {1U << 26, 2}, {}).bytes()).find("chunks of"),
      std::string::npos
  );
}

TEST_F(Hdf5Test, APromiseThatIsNotStoredIsRefused) {
  for (const hsize_t rows : {hsize_t{1'000}, hsize_t{1} << 40, hsize_t{1} << 62}) {
    Hdf5Builder promising;  // nothing is ever written of it
    const hsize_t chunk[] = {4, 2};
    H5Pset_chunk(promising.layout(), 2, chunk);
    EXPECT_NE(
        refusal(promising.put<float>("train", {rows, 2}, {}).bytes()).find("promises"),
        std::string::npos
    );
  }
}

TEST_F(Hdf5Test, ACutOrDamagedFileIsAnErrorOrReadsAsItWas) {
  const std::string whole = Hdf5Builder().put<float>("train", {2, 2}, kFour).bytes();
  for (std::size_t size = 0; size < whole.size(); size += 16) {
    const auto file = read(whole.substr(0, size));
    EXPECT_TRUE(file.error) << size;
  }
  const char* given = std::getenv("MLG_SEED");
  const auto seed = given ? static_cast<unsigned>(std::atoi(given)) : 1U;
  std::srand(seed);
  for (int i = 0; i < 300; ++i) {
    std::string flipped = whole;
    for (int flips = 0; flips < 3; ++flips)
      flipped[static_cast<std::size_t>(std::rand()) % flipped.size()] ^=
          static_cast<char>(1 << std::rand() % 8);
    const auto file = read(flipped);
    EXPECT_TRUE(file.error || file.rows.size() <= 2) << i;
  }
}

TEST_F(Hdf5Test, AFileOfTheImportFolderIsOpenedInPlace) {
  std::ofstream(folder_ / "rows.h5", std::ios::binary)
      << Hdf5Builder().put<float>("train", {2, 2}, kFour).bytes();
  const auto file = work::open_import_file(folder_.path(), "rows.h5").value();
  EXPECT_EQ(read(*file).rows, kRows);
  EXPECT_FALSE(std::filesystem::exists(spool())) << "nothing was spooled";
}

TEST_F(Hdf5Test, ASpoolIsBoundedAndLeavesNothing) {
  PiecewiseBytes none("");
  EXPECT_TRUE(work::Spool::open(spool()).value()->take(none));
  PiecewiseBytes lying("x");
  lying.with_length(std::uint64_t{1} << 60);
  const auto refused = work::Spool::open(spool()).value()->take(lying);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);

  {
    const auto small = work::Spool::open(spool(), {work::Spool::kStepBytes, 0}).value();
    PiecewiseBytes endless(std::string(work::Spool::kStepBytes + 1, 'x'));
    EXPECT_TRUE(small->take(endless).value());
    EXPECT_EQ(small->take(endless).error().code, ErrorCode::kTooLarge);

    const auto full =
        work::Spool::open(spool(), {std::uint64_t{1} << 40, std::uint64_t{1} << 62}).value();
    PiecewiseBytes bytes("x");
    const auto no_room = full->take(bytes);
    ASSERT_FALSE(no_room);
    EXPECT_EQ(no_room.error().code, ErrorCode::kNoSpace);
    EXPECT_NE(no_room.error().message.find("are to stay"), std::string::npos)
        << no_room.error().message;
  }
  EXPECT_TRUE(std::filesystem::is_empty(spool()));
  std::ofstream(spool() + "/left") << "by a killed process";
  work::Spool::clear(spool());
  EXPECT_FALSE(std::filesystem::exists(spool()));
}

}  // namespace
}  // namespace mlgraph::testing
