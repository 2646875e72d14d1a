// Settings out of files, variables and flags; what is wrong with them, all at once and by place.
#include "app/config.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "app/config_command.h"
#include "app/preflight.h"
#include "app/reload.h"
#include "app/sources.h"

namespace mlgraph::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A configuration file written for one test.
class ConfigFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("mlgraph-config-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "mlgraph.toml").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Loaded load_text(
      const std::string& text, const std::map<std::string, std::string>& variables = {}
  ) {
    std::ofstream(path_) << text;
    Sources sources{path_, nullptr, flags_};
    sources.variable = [&](const std::string& name) -> std::optional<std::string> {
      const auto it = variables.find(name);
      if (it == variables.end()) return std::nullopt;
      return it->second;
    };
    return load(sources);
  }
  void flag(const std::string& key, const std::string& value) {
    flags_.emplace_back(find_setting(key), value);
  }

  std::filesystem::path folder_;
  std::string path_;
  std::vector<std::pair<const Setting*, std::string>> flags_;
};

TEST_F(ConfigFile, SettingsAreReadByTable) {
  const auto loaded = load_text(
      "[server]\nlisten = \"0.0.0.0:80\"\nallowed_origins = [\"https://a\", \"https://b\"]\n"
      "metrics_public = true\n[limits]\npatterns = 7\n"
  );
  EXPECT_THAT(loaded.problems, IsEmpty());
  const auto& config = loaded.config;
  EXPECT_EQ(config.server.listen, "0.0.0.0:80");
  EXPECT_EQ(config.server.allowed_origins, (std::vector<std::string>{"https://a", "https://b"}));
  EXPECT_TRUE(config.server.metrics_public);
  EXPECT_EQ(config.limits.patterns, 7U);
}

TEST_F(ConfigFile, AnUnknownKeyIsToldWithItsLineAndTheNearestKey) {
  EXPECT_THAT(
      load_text("[server]\n\nlisen = \"x:1\"\n").problems,
      ElementsAre(path_ + ":3: unknown key 'server.lisen', did you mean 'server.listen'?")
  );
}

TEST_F(ConfigFile, AllProblemsAreToldInTheFilesOrder) {
  flag("server.io_threads", "many");
  const auto loaded = load_text(
      "[server]\nnode = \"a.b\"\nio_uring = \"yes\"\nallowed_origins = [\"example.org\"]\n"
      "[limits]\npatterns = 0\nimports = 1.5\n[log]\nlevel = \"loud\"\n",
      {{"MLGRAPH_LIMITS_DRAIN_MS", "9000"}, {"MLGRAPH_ADMIN_TOKEN", "secret"}}
  );
  EXPECT_THAT(
      loaded.problems,
      ElementsAre(
          HasSubstr(":2: server.node: name 'a.b' must match"),
          path_ + ":3: server.io_uring: \"yes\" is not true or false",
          HasSubstr(":4: server.allowed_origins: 'example.org' is none of http[s]://HOST[:PORT]"),
          path_ + ":6: limits.patterns: 0 is not a whole number from 1 to 100000",
          HasSubstr(":7: limits.imports: the value is not a whole number from 1 to 10000"),
          path_ + ":9: log.level: 'loud' is none of debug, info, warn, error",
          "MLGRAPH_LIMITS_DRAIN_MS: limits.drain_ms: 9000 is not a whole number from 0 to 8000 ms",
          "MLGRAPH_ADMIN_TOKEN: it must match mlg_[A-Za-z0-9_-]{8,252}",
          "--io-threads: server.io_threads: 'many' is not a whole number from 0 to 256"
      )
  );
}

TEST_F(ConfigFile, BrokenTomlNamesTheLine) {
  const auto problems = load_text("[server]\nlisten = \n").problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].substr(0, path_.size() + 3), path_ + ":2:");
}

TEST_F(ConfigFile, VariablesOverrideItByLongAndShortNameAndFlagsBoth) {
  flag("log.level", "debug");
  const auto loaded = load_text(
      "[limits]\npatterns = 3\nimports = 5\n[log]\nlevel = \"warn\"\n",
      {{"MLGRAPH_LIMITS_PATTERNS", "9"},
       {"MLGRAPH_DATA_DIR", "/x"},
       {"MLGRAPH_SERVER_ALLOWED_HOSTS", "a.example, b.example"},
       {"MLGRAPH_LOG_LEVEL", "error"},
       {"MLGRAPH_ADMIN_TOKEN", "mlg_12345678"}}
  );
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.limits.patterns, 9U);
  EXPECT_EQ(loaded.config.server.data_dir, "/x");
  EXPECT_EQ(
      loaded.config.server.allowed_hosts, (std::vector<std::string>{"a.example", "b.example"})
  );
  EXPECT_EQ(loaded.config.log.level, "debug");
  EXPECT_EQ(loaded.config.admin_token, "mlg_12345678");
  EXPECT_EQ(loaded.origin("limits.patterns"), "MLGRAPH_LIMITS_PATTERNS");
  EXPECT_EQ(loaded.origin("limits.imports"), path_ + ":3");
  EXPECT_EQ(loaded.origin("log.level"), "--log-level");
  EXPECT_EQ(loaded.origin("server.node"), "default");
}

TEST_F(ConfigFile, TlsFilesComeInPairs) {
  EXPECT_THAT(
      load_text("[server]\ntls_cert = \"cert.pem\"\n").problems,
      ElementsAre(HasSubstr(path_ + ":2: server.tls_cert is given alone"))
  );
}

TEST_F(ConfigFile, WhatIsShownIsAConfigurationFileOfTheSameMeaning) {
  const auto loaded = load_text(
      "[server]\nnode = \"n-7\"\nimport_dir = \"/a \\\"quoted\\\" \\\\ folder # 1\"\n"
      "allowed_origins = [\"https://a\", \"*\"]\nio_uring = true\n[limits]\npatterns = 7\n",
      {{"MLGRAPH_ADMIN_TOKEN", "mlg_12345678"}}
  );
  for (const bool origins : {false, true}) {
    const auto shown = effective_toml(loaded, origins);
    EXPECT_THAT(shown, ::testing::Not(HasSubstr("mlg_12345678")));
    const auto again = load_text(shown);
    EXPECT_THAT(again.problems, IsEmpty()) << shown;
    for (const auto& setting : settings())
      EXPECT_EQ(setting.toml(again.config), setting.toml(loaded.config)) << setting.key;
    EXPECT_EQ(shown.find("# " + path_ + ":2\n") != std::string::npos, origins);
  }
}

TEST_F(ConfigFile, PreflightLooksAtTheDataDirectoryWithoutMakingIt) {
  auto loaded = load_text("");
  loaded.config.server.data_dir = (folder_ / "new" / "data").string();
  EXPECT_THAT(preflight(loaded), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
  loaded.config.server.data_dir = path_ + "/below-a-file";
  EXPECT_THAT(preflight(loaded), ElementsAre(HasSubstr("mlgraph.toml is no folder")));
  loaded.config.server.data_dir = folder_.string();
  std::ofstream(folder_ / "FORMAT") << "99\n";
  EXPECT_THAT(preflight(loaded), ElementsAre(HasSubstr("is of format 99")));
}

TEST(Reloading, TellsWhatIsTakenOverFromWhatNeedsARestart) {
  Config running;
  Config wanted;
  wanted.limits.patterns = 7;
  wanted.server.listen = "0.0.0.0:1";
  wanted.server.allowed_origins = {"*"};
  const auto found = changes(running, wanted);
  EXPECT_THAT(found.live, ElementsAre("server.allowed_origins", "limits.patterns"));
  EXPECT_THAT(found.restart, ElementsAre("server.listen"));
  EXPECT_EQ(found.next.limits.patterns, 7U);
  EXPECT_EQ(found.next.server.listen, running.server.listen);
}

TEST(Reloading, TlsIsRenewedLiveAndTurnedOnByARestart) {
  Config plain;
  Config secure;
  secure.server.tls_cert = secure.server.tls_key = "one.pem";
  EXPECT_THAT(changes(plain, secure).restart, ElementsAre("server.tls_cert", "server.tls_key"));
  Config renewed = secure;
  renewed.server.tls_cert = "two.pem";
  EXPECT_THAT(changes(secure, renewed).live, ElementsAre("server.tls_cert"));
}

TEST(Settings, EachHasANameOfItsOwnAndADefaultWithinItsRange) {
  std::map<std::string, std::string> names;
  for (const auto& setting : settings()) {
    for (const auto& name : setting.variables())
      EXPECT_TRUE(names.emplace(name, setting.key).second || names[name] == setting.key) << name;
    EXPECT_FALSE(setting.help.empty() || setting.help.find('|') != std::string::npos)
        << setting.key;
    Config config;
    auto text = setting.toml(config);
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    if (text != "[]") {
      EXPECT_TRUE(setting.set_text(config, text)) << setting.key;
    }
  }
}

TEST(ListenAddress, TakesLocalhostNumbersAndIpv6) {
  EXPECT_EQ(parse_listen("127.0.0.1:0")->port, 0);
  EXPECT_EQ(parse_listen("[::1]:7700")->host, "::1");
  EXPECT_TRUE(parse_listen("localhost:65535"));
  EXPECT_FALSE(parse_listen("7700"));
  EXPECT_FALSE(parse_listen("127.0.0.1:65536"));
  EXPECT_FALSE(parse_listen("example.org:80"));
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
