// Which admin token is valid after a row of starts, each with or without one that is given.
#include "app/admin_token.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/manual_clock.h"
#include "support/memory_log.h"

namespace mlgraph::app {
namespace {

constexpr const char* kFirst = "mlg_first_given_token_1";
constexpr const char* kSecond = "mlg_second_given_token_2";

class AdminTokenTest : public ::testing::Test {
 protected:
  AdminTokenTest()
      : folder_(
            std::filesystem::temp_directory_path() / ("mlgraph-admin-" + std::to_string(::getpid()))
        ) {
    std::filesystem::create_directories(folder_);
  }
  ~AdminTokenTest() override { std::filesystem::remove_all(folder_); }

  void start(const std::string& configured = "") {
    tokens_.emplace(log_, clock_);
    ASSERT_TRUE(tokens_->load());
    ASSERT_TRUE(settle_admin_token(*tokens_, configured, folder_.string()));
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "admin.token"; }
  [[nodiscard]] std::string file() const {
    std::ifstream in(path());
    std::string token;
    std::getline(in, token);
    return token;
  }
  void write(const std::string& text) const { std::ofstream(path()) << text; }
  bool valid(const std::string& token) {
    const auto who = tokens_->authenticate(token, "1.2.3.4");
    return who && who->name == "admin";
  }

  const std::filesystem::path folder_;
  testing::ManualClock clock_;
  testing::MemoryLog log_;
  std::optional<gateway::Authenticator> tokens_;
};

TEST_F(AdminTokenTest, OneIsMadeAndStays) {
  start();
  const std::string made = file();
  EXPECT_TRUE(gateway::is_token_text(made));
  EXPECT_TRUE(valid(made));
  EXPECT_EQ(
      std::filesystem::status(path()).permissions(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
  );
  start();
  EXPECT_EQ(file(), made);
  EXPECT_TRUE(valid(made));
}

TEST_F(AdminTokenTest, AReplacedOneDoesNotComeBack) {
  start();
  const std::string made = file();
  start(kFirst);
  EXPECT_TRUE(valid(kFirst));
  EXPECT_FALSE(valid(made));
  EXPECT_FALSE(std::filesystem::exists(path())) << "it would mislead";
  start();
  EXPECT_TRUE(valid(kFirst)) << "given once, it stays";
  EXPECT_FALSE(valid(made));
  EXPECT_FALSE(std::filesystem::exists(path())) << "nothing but its hash is kept";
  start(kSecond);
  start();
  EXPECT_TRUE(valid(kSecond));
  EXPECT_FALSE(valid(kFirst));
}

TEST_F(AdminTokenTest, AnOldFileThatIsPutBackIsNotBelieved) {
  start();
  const std::string made = file();
  start(kFirst);
  write(made + "\n");
  start();
  EXPECT_TRUE(valid(kFirst));
  EXPECT_FALSE(valid(made));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(AdminTokenTest, GivingTheMadeOneKeepsItsFile) {
  start();
  const std::string made = file();
  start(made);
  EXPECT_EQ(file(), made);
  start();
  EXPECT_TRUE(valid(made));
}

TEST_F(AdminTokenTest, WhoLosesTheFileOfAMadeOneGetsAnother) {
  start();
  const std::string made = file();
  std::filesystem::remove(path());
  start();
  EXPECT_TRUE(valid(file()));
  EXPECT_FALSE(valid(made));
  write("");
  start();
  EXPECT_TRUE(gateway::is_token_text(file())) << "a file cut by a crash is as good as none";
  EXPECT_TRUE(valid(file()));
}

TEST_F(AdminTokenTest, AFileThatCannotBeWrittenIsNamed) {
  tokens_.emplace(log_, clock_);
  const auto settled = settle_admin_token(*tokens_, "", (folder_ / "absent").string());
  ASSERT_FALSE(settled);
  EXPECT_NE(settled.error().message.find("admin.token"), std::string::npos);
}

}  // namespace
}  // namespace mlgraph::app
