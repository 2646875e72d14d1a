// Files of the import folder: regular files below it and nothing else, as the kernel resolves them.
#include "work/import_file.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "store/temp_dir.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
namespace fs = std::filesystem;

class ImportFolder : public ::testing::Test {
 protected:
  ImportFolder() : folder_(outside_ / "import") {
    fs::create_directories(folder_ + "/sub");
    write(outside_ / "secret.csv", "s,1,2\n");
    write(folder_ + "/rows.csv", "a,1,2\n");
    write(folder_ + "/sub/more.csv", "b,3,4\n");
  }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  ErrorCode refused(const std::string& source) {
    auto opened = open_import_file(folder_, source);
    if (opened) return ErrorCode::kInternal;
    EXPECT_EQ(opened.error().member, "source") << source;
    if (!source.starts_with('/')) {
      EXPECT_EQ(opened.error().message.find(outside_.path()), std::string::npos)
          << "the folder's own path is nobody's business: " << opened.error().message;
    }
    return opened.error().code;
  }

  testing::TempDir outside_;
  const std::string folder_;
};

TEST_F(ImportFolder, FilesBelowItAreRead) {
  for (const auto& [name, text] :
       {std::pair("rows.csv", "a,1,2\n"), std::pair("sub/more.csv", "b,3,4\n")}) {
    auto file = open_import_file(folder_, name).value();
    EXPECT_EQ(file->length(), 6U);
    std::string read(16, '\0');
    EXPECT_EQ(file->read(read).value(), 6U);
    EXPECT_EQ(read.substr(0, 6), text);
    EXPECT_EQ(file->read(read).value(), 0U);
  }
}

TEST_F(ImportFolder, NothingElseIs) {
  fs::create_symlink(outside_ / "secret.csv", folder_ + "/link.csv");
  fs::create_symlink("rows.csv", folder_ + "/inner.csv");
  fs::create_directory_symlink(outside_.path(), folder_ + "/up");
  ASSERT_EQ(mkfifo((folder_ + "/pipe.csv").c_str(), 0600), 0);
  EXPECT_EQ(refused("missing.csv"), ErrorCode::kNotFound);
  EXPECT_EQ(refused("sub/missing.csv"), ErrorCode::kNotFound);
  for (const std::string& source :
       {std::string(),
        std::string("."),
        std::string("sub"),
        std::string("../secret.csv"),
        std::string("sub/../../secret.csv"),
        outside_ / "secret.csv",
        folder_ + "/rows.csv",
        std::string("/dev/zero"),
        std::string("/proc/self/environ"),
        std::string("file://rows.csv/../../secret.csv"),
        std::string("link.csv"),
        std::string("inner.csv"),
        std::string("up/secret.csv"),
        std::string("pipe.csv"),
        std::string("rows.csv\0.npy", 13),
        std::string("\0", 1),
        std::string(5'000, 'x')}) {
    const auto code = refused(source);
    EXPECT_TRUE(code == ErrorCode::kInvalidValue || code == ErrorCode::kNotFound) << source;
  }
  EXPECT_FALSE(open_import_file(outside_ / "nowhere", "rows.csv"));
}

TEST(FormatOf, IsToldByTheName) {
  const std::pair<const char*, const char*> names[] = {
      {"a/b.npy", "application/x-npy"},
      {"b.jsonl", "application/x-ndjson"},
      {"b.ndjson", "application/x-ndjson"},
      {"b.csv", "text/csv"},
      {"b.fvecs", "application/x-fvecs"},
      {"b.bvecs", "application/x-bvecs"},
      {"b.h5", "application/x-hdf5"},
      {"b.hdf5", "application/x-hdf5"}};
  for (const auto& [name, type] : names) {
    for (const auto& [suffix, compression] :
         {std::pair("", Compression::kNone),
          std::pair(".gz", Compression::kGzip),
          std::pair(".zst", Compression::kZstd)}) {
      const auto format = format_of(std::string(name) + suffix);
      EXPECT_EQ(format.content_type, type);
      EXPECT_EQ(format.compression, compression) << name << suffix;
    }
  }
  for (const char* name : {"", "b", "b.txt", "npy", "b.gz", "b.npy.gz.gz", "b.npy.bz2"})
    EXPECT_EQ(format_of(name).content_type, "") << name;
}

TEST_F(ImportFolder, AFileIsKnownAgainByItsStamp) {
  const auto stamp = open_import_file(folder_, "rows.csv").value()->stamp();
  EXPECT_EQ(stamp.bytes, 6U);
  EXPECT_GT(stamp.modified_ns, 0);
  EXPECT_EQ(open_import_file(folder_, "rows.csv").value()->stamp(), stamp);
  fs::last_write_time(
      folder_ + "/rows.csv", fs::file_time_type::clock::now() + std::chrono::hours(1)
  );
  EXPECT_NE(open_import_file(folder_, "rows.csv").value()->stamp(), stamp);
}

}  // namespace
}  // namespace mlgraph::work
