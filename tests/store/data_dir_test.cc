// The folder's lock, format and permissions, on real folders.
#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "store/log.h"
#include "store/store_fixture.h"
#include "store/temp_dir.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::TempDir;

std::string content(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(DataDir, IsMadeWithItsParentsForTheOwnerAlone) {
  TempDir dir;
  const auto opened = DataDir::open(dir / "a/b/c");
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->path(), dir / "a/b/c");
  for (const auto* part : {"a", "a/b", "a/b/c"}) {
    struct stat info {};
    ASSERT_EQ(stat((dir / part).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u) << part;
  }
}

TEST(DataDir, IsOneProcessesAtATime) {
  TempDir dir;
  {
    auto first = DataDir::open(dir.path());
    ASSERT_TRUE(first);
    const auto second = DataDir::open(dir.path());
    EXPECT_EQ(refusal_of(second), ErrorCode::kConflict);
    EXPECT_THAT(second.error().message, HasSubstr(dir.path()));
    const DataDir moved(std::move(*first));  // the lock moves along
    EXPECT_FALSE(DataDir::open(dir.path()));
  }
  EXPECT_TRUE(DataDir::open(dir.path()));
}

TEST(DataDir, RefusesANewerFormatNamingBoth) {
  TempDir dir;
  ASSERT_TRUE(DataDir::open(dir.path()));
  EXPECT_EQ(content(dir / "FORMAT"), "1\n");
  std::ofstream(dir / "FORMAT") << "7\n";
  const auto newer = DataDir::open(dir.path());
  EXPECT_EQ(refusal_of(newer), ErrorCode::kInvalidValue);
  EXPECT_THAT(newer.error().message, AllOf(HasSubstr("format 7"), HasSubstr("up to 1")));
  std::ofstream(dir / "FORMAT") << "1\n";
  EXPECT_TRUE(DataDir::open(dir.path())) << "a refused opening keeps no lock";
}

TEST(DataDir, RefusesAFormatThatIsNoVersion) {
  TempDir dir;
  for (const auto* text : {"", "one\n", "-1\n", "0\n"}) {
    std::ofstream(dir / "FORMAT") << text;
    EXPECT_EQ(refusal_of(DataDir::open(dir.path())), ErrorCode::kCorrupt) << text;
  }
}

TEST(DataDir, AFileInItsPlaceIsRefused) {
  TempDir dir;
  std::ofstream(dir / "file") << "x";
  EXPECT_FALSE(DataDir::open(dir / "file"));
  EXPECT_FALSE(DataDir::open(dir / "file/below"));
}

}  // namespace
}  // namespace mlgraph::store
