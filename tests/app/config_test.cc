#include "app/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

namespace mlgraph::app {
namespace {

/// A configuration file written for one test.
class ConfigFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("mlgraph-config-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& text) {
    const auto path = (folder_ / "mlgraph.toml").string();
    std::ofstream(path) << text;
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(ConfigFile, SettingsAreReadByTable) {
  Config config;
  ASSERT_TRUE(apply_file(
      config,
      file("[server]\nlisten = \"0.0.0.0:80\"\nallowed_origins = [\"https://a\", \"https://b\"]\n"
           "metrics_public = true\n[limits]\npatterns = 7\n")
  ));
  EXPECT_EQ(config.server.listen, "0.0.0.0:80");
  EXPECT_EQ(config.server.allowed_origins, (std::vector<std::string>{"https://a", "https://b"}));
  EXPECT_TRUE(config.server.metrics_public);
  EXPECT_EQ(config.limits.patterns, 7U);
}

TEST_F(ConfigFile, AnUnknownKeyFailsWithItsLineAndTheNearestKey) {
  Config config;
  const auto path = file("[server]\n\nlisen = \"x:1\"\n");
  const auto result = apply_file(config, path);
  ASSERT_FALSE(result);
  EXPECT_EQ(
      result.error().message, path + ":3: unknown key 'server.lisen', did you mean 'server.listen'?"
  );
}

TEST_F(ConfigFile, AValueOutOfRangeNamesKeyAndLimit) {
  Config config;
  const auto result = apply_file(config, file("[limits]\npatterns = 0\n"));
  ASSERT_FALSE(result);
  EXPECT_NE(
      result.error().message.find("limits.patterns: '0' is not a whole number from 1"),
      std::string::npos
  );
}

TEST_F(ConfigFile, BrokenTomlNamesTheLine) {
  Config config;
  const auto path = file("[server]\nlisten = \n");
  const auto result = apply_file(config, path);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message.substr(0, path.size() + 3), path + ":2:");
}

TEST(ConfigEnvironment, OverridesByLongAndShortName) {
  const std::map<std::string, std::string> variables = {
      {"MLGRAPH_LIMITS_PATTERNS", "9"},
      {"MLGRAPH_DATA_DIR", "/x"},
      {"MLGRAPH_ADMIN_TOKEN", "mlg_12345678"}};
  Config config;
  ASSERT_TRUE(apply_environment(config, [&](const std::string& name) -> std::optional<std::string> {
    const auto it = variables.find(name);
    if (it == variables.end()) return std::nullopt;
    return it->second;
  }));
  EXPECT_EQ(config.limits.patterns, 9U);
  EXPECT_EQ(config.server.data_dir, "/x");
  EXPECT_EQ(config.admin_token, "mlg_12345678");
}

TEST(ConfigCheck, TlsFilesComeInPairs) {
  Config config;
  EXPECT_TRUE(check(config));
  config.server.tls_cert = "cert.pem";
  EXPECT_FALSE(check(config));
}

TEST(ListenAddress, TakesNamesNumbersAndIpv6) {
  EXPECT_EQ(parse_listen("127.0.0.1:0")->port, 0);
  EXPECT_EQ(parse_listen("[::1]:7700")->host, "::1");
  EXPECT_FALSE(parse_listen("7700"));
  EXPECT_FALSE(parse_listen("host:65536"));
}

TEST(Environment, VariablesOfNobodyAreToldWithTheNearest) {
  const auto unknown = unknown_variables(
      {"PATH",
       "MLGRAPH_URL",
       "MLGRAPH_TOKEN",
       "MLGRAPH_CONFIG",
       "MLGRAPH_ADMIN_TOKEN",
       "MLGRAPH_LISTEN",
       "MLGRAPH_SERVER_LISTEN",
       "MLGRAPH_LIMITS_PATERNS",
       "MLGRAPH_ADMINTOKEN"}
  );
  ASSERT_EQ(unknown.size(), 2U);
  EXPECT_EQ(unknown[0].name, "MLGRAPH_LIMITS_PATERNS");
  EXPECT_EQ(unknown[0].nearest, "MLGRAPH_LIMITS_PATTERNS");
  EXPECT_EQ(unknown[1].nearest, "MLGRAPH_ADMIN_TOKEN");
}

}  // namespace
}  // namespace mlgraph::app
