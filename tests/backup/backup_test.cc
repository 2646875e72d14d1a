// Backups of real data directories: what is in them comes back, and nothing that is damaged does.
#include "backup/backup.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <gmock/gmock.h>

#include "base/log.h"
#include "store/seed.h"
#include "store/store_fixture.h"
#include "store/vector_store.h"

namespace mlgraph::backup {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using testing::created;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::TempDir;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    base::set_log_level(base::LogLevel::kError);  // a checkpoint makes RocksDB talk
    MLG_CHECK(store::DataDir::open(data()).has_value());
    {
      auto log = store::Log::open(data(), {}).value();
      store::Committer committer(*log, clock_, {});
      for (const char* name : {"docs", "more"})
        MLG_CHECK(committer.commit([&](store::Decision& decision) -> base::Result<void> {
          decision.log(created(name));
          return {};
        }));
      MLG_CHECK(log->config_put("tokens/ci", "kept", 0));
      epoch_ = log->epoch();
    }
    auto vectors = store::VectorStore::open(data()).value();
    const std::vector<float> values = {1, 2, 3, 4};
    const auto batch = vectors->make_batch();
    batch->put({1, 0, 7}, {"a", values, "{}"});
    MLG_CHECK(vectors->write(*batch, true));
    fs::create_directory(data() + "/parts");
    write(data() + "/parts/docs-0.part", std::string(kPieceBytes + 1'000, 'p'));
    write(data() + "/parts/half.new", "left by a crash");
    write(data() + "/admin.token", "mlg_some_admin_token\n");
  }
  [[nodiscard]] std::string data() const { return dir_ / "data"; }
  [[nodiscard]] std::string out() const { return dir_ / "out"; }
  [[nodiscard]] std::string back() const { return dir_ / "back"; }
  Manifest made() {
    auto manifest = make(data(), out(), clock_);
    MLG_CHECK(manifest.has_value());
    return std::move(*manifest);
  }
  /// Nothing of ours stands beside what was asked for.
  void expect_tidy() {
    for (const auto& entry : fs::directory_iterator(dir_.path()))
      EXPECT_EQ(entry.path().filename().string().find("partial"), std::string::npos)
          << entry.path();
    EXPECT_FALSE(fs::exists(data() + "/checkpoint.partial"));
  }

  TempDir dir_;
  testing::ManualClock clock_;
  std::string epoch_;
};

TEST_F(BackupTest, WhatWasThereComesBackUnderAnotherEpoch) {
  const auto manifest = made();
  EXPECT_EQ(manifest.id, epoch_ + "-2");
  EXPECT_TRUE(verify(out()));
  const auto at = restore(out(), back());
  ASSERT_TRUE(at) << at.error().message;
  EXPECT_EQ(at->seq, 2U);
  EXPECT_NE(at->epoch, epoch_);
  ASSERT_TRUE(store::DataDir::open(back()));
  const auto log = store::Log::open(back(), {}).value();
  EXPECT_EQ(log->epoch(), at->epoch);
  EXPECT_EQ(log->tail(), 2U);
  EXPECT_EQ(log->oldest(), 3U) << "entries carry ids of the former epoch";
  EXPECT_EQ(refusal_of(log->read(1, 1'000)), ErrorCode::kCursorExpired);
  EXPECT_EQ(log->config_get("tokens/ci").value().value, "kept");
  const auto state = log->load_state().value();
  EXPECT_TRUE(state.index("docs") && state.index("more"));
  EXPECT_EQ(state.index("more")->number, 2U);
  const auto vectors = store::VectorStore::open(back()).value();
  EXPECT_EQ(vectors->get({1, 0, 7}).value().id, "a");
  EXPECT_EQ(content(back() + "/parts/docs-0.part"), content(data() + "/parts/docs-0.part"));
  EXPECT_EQ(content(back() + "/admin.token"), content(data() + "/admin.token"));
  EXPECT_FALSE(fs::exists(back() + "/parts/half.new"));
  expect_tidy();
}

TEST_F(BackupTest, TheNumberingGoesOnAndEachRestoreHasItsOwnEpoch) {
  made();
  ASSERT_TRUE(restore(out(), back()));
  ASSERT_TRUE(restore(out(), dir_ / "twin"));
  const auto log = store::Log::open(back(), {}).value();
  EXPECT_NE(log->epoch(), store::Log::open(dir_ / "twin", {}).value()->epoch());
  store::Committer committer(*log, clock_, {});
  const auto seq = committer.commit([](store::Decision& decision) -> base::Result<void> {
    decision.log(created("third"));
    return {};
  });
  EXPECT_EQ(seq.value(), 3U);
  EXPECT_EQ(committer.state()->index("third")->number, 3U);
  committer.stop();
  const auto entries = log->read(3, 1'000).value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_THAT(entries[0]->public_json, HasSubstr("\"id\":\"" + log->epoch() + "-3\""));
}

TEST_F(BackupTest, TheBackupSharesNothingWithTheDataDirectory) {
  made();
  for (const auto& entry : fs::recursive_directory_iterator(out()))
    if (entry.is_regular_file()) {
      EXPECT_EQ(fs::hard_link_count(entry.path()), 1U) << entry.path();
    }
}

TEST_F(BackupTest, AServerInTheWayIsNamed) {
  const auto locked = store::DataDir::open(data());
  const auto refused = make(data(), out(), clock_);
  EXPECT_EQ(refusal_of(refused), ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("stop it first"));
  EXPECT_FALSE(fs::exists(out()));
  expect_tidy();
}

TEST_F(BackupTest, WhatIsThereIsNotOverwritten) {
  made();
  EXPECT_EQ(refusal_of(make(data(), out(), clock_)), ErrorCode::kConflict);
  EXPECT_EQ(refusal_of(restore(out(), data())), ErrorCode::kConflict);
  write(back(), "a file");
  EXPECT_EQ(refusal_of(restore(out(), back())), ErrorCode::kConflict);
  fs::remove(back());
  fs::create_directory(back());
  EXPECT_TRUE(restore(out(), back())) << "an empty folder is as good as none";
  EXPECT_EQ(refusal_of(make(dir_ / "nothing", dir_ / "x", clock_)), ErrorCode::kInvalidValue);
  EXPECT_FALSE(fs::exists(dir_ / "nothing"));
  EXPECT_EQ(refusal_of(make(data(), data() + "/inside", clock_)), ErrorCode::kInvalidValue);
  EXPECT_EQ(refusal_of(verify(data())), ErrorCode::kNotFound);
}

TEST_F(BackupTest, WhatACutRunLeftIsNoHindrance) {
  fs::create_directories(dir_ / ".out.mlgraph-partial/log");
  fs::create_directories(data() + "/checkpoint.partial/log");
  made();
  fs::create_directories(dir_ / ".back.mlgraph-partial/log");
  EXPECT_TRUE(restore(out(), back()));
  expect_tidy();
}

// Each file in turn: a bit flipped somewhere, cut somewhere, longer by a byte, gone. Never is there
// anything at the destination, and the error names the file.
TEST_F(BackupTest, DamageIsNamedAndNothingIsRestored) {
  const auto seed = testing::seed();
  std::printf("MLG_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 dice(seed);
  auto manifest = made();
  std::vector<std::string> files = {kManifestName};
  for (const auto& file : manifest.files)
    if (file.bytes > 0) files.push_back(file.path);
  const auto expect_refused = [&](const std::string& file, const std::string& what) {
    for (const auto& error :
         {verify(out()).map([](const auto&) {}), restore(out(), back()).map([](const auto&) {})}) {
      ASSERT_FALSE(error) << file << " " << what;
      EXPECT_EQ(error.error().code, ErrorCode::kCorrupt) << file << " " << what;
      EXPECT_THAT(error.error().message, HasSubstr(file)) << what;
    }
    EXPECT_FALSE(fs::exists(back()));
  };
  for (const auto& file : files) {
    const fs::path path = out() + "/" + file;
    const std::string whole = content(path);
    const auto at = dice() % whole.size();
    auto flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << dice() % 8));
    write(path, flipped);
    expect_refused(file, "flipped at " + std::to_string(at));
    write(path, whole.substr(0, at));
    expect_refused(file, "cut at " + std::to_string(at));
    write(path, whole + "x");
    expect_refused(file, "longer");
    if (file != kManifestName) {
      fs::remove(path);
      expect_refused(file, "gone");
      fs::create_symlink("/dev/zero", path);
      expect_refused(file, "a link");
      fs::remove(path);
    }
    write(path, whole);
  }
  EXPECT_TRUE(restore(out(), back())) << "mended, it is whole";
  expect_tidy();
}

TEST_F(BackupTest, ThePlaceOfDamageIsItsPiece) {
  made();
  const auto path = out() + "/parts/docs-0.part";
  auto bytes = content(path);
  bytes[kPieceBytes + 10] ^= 1;
  write(path, bytes);
  EXPECT_THAT(verify(out()).error().message, HasSubstr("bytes 4194304 to 4195303"));
}

TEST(Manifest, ComesBackAsItWas) {
  Manifest manifest;
  manifest.made_at = {1'700'000'000'123};
  manifest.data_format = 1;
  manifest.id = "abc-7";
  manifest.files = {
      {"FORMAT", 2, {digest_of("1\n")}},
      {"log/000004.sst", kPieceBytes + 1, {digest_of("a"), digest_of("b")}},
      {"parts/empty", 0, {}}};
  const auto text = format_manifest(manifest);
  const auto read = parse_manifest(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(format_manifest(*read), text);
  EXPECT_EQ(read->bytes(), kPieceBytes + 3);
}

std::string sealed(const std::string& lines) {
  const Manifest nothing{{0}, 1, "a-0", {}};
  const auto sample = format_manifest(nothing);
  const auto last = sample.rfind("{\"blake2b\":\"") + 12;
  std::string hex;
  for (const auto byte : digest_of(lines)) hex += fmt::format("{:02x}", byte);
  return lines + "{\"blake2b\":\"" + hex + sample.substr(last + 64);
}

TEST(Manifest, WhatIsWellSummedMayStillBeNoManifest) {
  const std::string first =
      R"({"mlgraph_backup":1,"made_at":"2024-12-22T10:30:00.123Z","data_format":1,"id":"a-0",)"
      R"("piece_bytes":4194304,"files":1})"
      "\n";
  const std::string digest(64, '0');
  const auto file = [&](const std::string& path, const std::string& bytes, int pieces) {
    std::string list;
    for (int i = 0; i < pieces; ++i) list += (i ? ",\"" : "\"") + digest + "\"";
    return "{\"path\":\"" + path + "\",\"bytes\":" + bytes + ",\"pieces\":[" + list + "]}\n";
  };
  EXPECT_TRUE(parse_manifest(sealed(first + file("log/CURRENT", "7", 1))));
  for (const char* path :
       {"", "/etc/passwd", "../x", "log/../x", "log/", "log/.hidden", "other/x", "log/a/b", "log"})
    EXPECT_EQ(refusal_of(parse_manifest(sealed(first + file(path, "7", 1)))), ErrorCode::kCorrupt)
        << path;
  EXPECT_THAT(
      parse_manifest(sealed(first + file("log/x", "18446744073709551615", 1))).error().message,
      HasSubstr("MANIFEST line 2")
  );
  EXPECT_FALSE(parse_manifest(sealed(first)));
  EXPECT_FALSE(parse_manifest(sealed(first + file("log/x", "-1", 1))));
  EXPECT_FALSE(parse_manifest(sealed(first + file("log/x", "7", 1) + file("log/x", "7", 1))));
  std::string newer = first;
  newer[18] = '2';
  EXPECT_EQ(refusal_of(parse_manifest(newer + "{\"sum\":1}\n")), ErrorCode::kInvalidValue);
}

}  // namespace
}  // namespace mlgraph::backup
