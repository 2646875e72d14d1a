// What a request says of who it is, in headers, subprotocols and where it must not.
#include <gtest/gtest.h>

#include "gateway/net/upgrade.h"

namespace mlgraph::gateway {
namespace {

constexpr const char* kToken = "mlg_token_of_somebody";
constexpr const char* kOther = "mlg_token_of_another";

Credentials read(
    const HeaderMap& headers, const std::multimap<std::string, std::string>& query = {}
) {
  return read_credentials(headers, query);
}
std::string shown(const std::optional<std::string>& token) {
  return token ? "'" + *token + "'" : "none";
}
std::string authorization(const std::string& value) {
  return shown(read({{"authorization", value}}).token);
}

TEST(Credentials, ABearerIsReadAndWhatIsNoneIsABadToken) {
  const std::string token = kToken;
  EXPECT_EQ(shown(read({}).token), "none");
  for (const auto& good : {"Bearer " + token, "bearer " + token, "BEARER  " + token + " "})
    EXPECT_EQ(authorization(good), "'" + token + "'") << good;
  for (const std::string& bad :
       {std::string(),
        std::string("Bearer"),
        std::string("Bearer "),
        token,
        "Bearer" + token,
        "Token " + token})
    EXPECT_EQ(authorization(bad), "''") << bad;
  EXPECT_EQ(
      authorization("Bearer " + token + "," + "Bearer " + token),
      "'" + token + ",Bearer " + token + "'"
  );
  EXPECT_EQ(authorization("Basic bWxnOm1sZw=="), "''");
  EXPECT_EQ(shown(read({{"x-api-key", token}}).token), "'" + token + "'");
  EXPECT_EQ(shown(read({{"x-api-key", ""}}).token), "''");
}

TEST(Credentials, TwoDifferentOnesConflict) {
  const auto both = [](const std::string& header, const std::string& key) {
    return read({{"authorization", header}, {"x-api-key", key}});
  };
  EXPECT_TRUE(both(std::string("Bearer ") + kToken, kOther).conflicting);
  EXPECT_FALSE(both(std::string("Bearer ") + kToken, kToken).conflicting);
  EXPECT_TRUE(both("Bearer", kToken).conflicting);
  EXPECT_TRUE(both(kToken, kToken).conflicting) << "without Bearer it is no credential";
  const auto behind_proxy = both("Basic bWxnOm1sZw==", kToken);
  EXPECT_FALSE(behind_proxy.conflicting) << "that one is for the proxy";
  EXPECT_EQ(behind_proxy.token, kToken);
}

TEST(Credentials, ATokenInTheUrlIsFoundUnderAnyName) {
  for (const char* name :
       {"token", "TOKEN", "access_token", "api_key", "apikey", "ApiKey", "authorization", "auth"})
    EXPECT_TRUE(read({}, {{name, "x"}}).in_query) << name;
  for (const char* name : {"t", "jwt", "", "channels", "since"})
    EXPECT_TRUE(read({}, {{name, kToken}}).in_query) << name;
  EXPECT_TRUE(read({}, {{"limit", "1"}, {"limit", kToken}}).in_query);
  for (const char* name : {"limit", "tokens", "author"})
    EXPECT_FALSE(read({}, {{name, "x"}}).in_query) << name;
  // Ids of vectors, jobs and indices may begin as tokens do.
  for (const char* name : {"after", "id_prefix", "index", "jobId"})
    EXPECT_FALSE(read({}, {{name, "mlg_row_17"}}).in_query) << name;
}

class UpgradeTest : public ::testing::Test {
 protected:
  /// The token that the session begins with; the status when there is none.
  std::string with_protocols(const std::string& protocols, HeaderMap more = {}) {
    more.insert(
        {{"host", "x"},
         {"upgrade", "websocket"},
         {"connection", "Upgrade"},
         {"sec-websocket-version", "13"},
         {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}
    );
    if (!protocols.empty()) more["sec-websocket-protocol"] = protocols;
    const auto answer = answer_upgrade("GET", more, read_credentials(more, {}), {}, {});
    if (!answer) return std::to_string(answer.error().status);
    selected_ = answer->response_head.find("Sec-WebSocket-Protocol: Bearer") != std::string::npos;
    EXPECT_EQ(answer->response_head.find("mlg_"), std::string::npos);
    return shown(answer->token);
  }
  bool selected_ = false;
};

TEST_F(UpgradeTest, SubprotocolsCarryATokenBehindBearer) {
  const std::string token = kToken;
  EXPECT_EQ(with_protocols("Bearer, " + token), "'" + token + "'");
  EXPECT_TRUE(selected_);
  EXPECT_EQ(with_protocols(""), "none");
  EXPECT_EQ(with_protocols("mqtt"), "none");
  EXPECT_FALSE(selected_);
}

TEST_F(UpgradeTest, ACredentialThatIsNoneIsABadToken) {
  const std::string token = kToken;
  EXPECT_EQ(with_protocols("Bearer"), "''");
  EXPECT_TRUE(selected_) << "so that browser code sees the error";
  EXPECT_EQ(with_protocols("Bearer, nonsense"), "''");
  EXPECT_EQ(with_protocols(token), "''");
  EXPECT_FALSE(selected_);
  EXPECT_EQ(with_protocols("", {{"authorization", "Bearer"}}), "''");
  EXPECT_EQ(with_protocols("", {{"authorization", token}}), "''");
}

TEST_F(UpgradeTest, TwoDifferentOnesAreRefused) {
  const std::string token = kToken;
  EXPECT_EQ(with_protocols("Bearer, " + token + ", " + kOther), "400");
  EXPECT_EQ(
      with_protocols("Bearer, " + token, {{"authorization", std::string("Bearer ") + kOther}}),
      "400"
  );
  EXPECT_EQ(
      with_protocols("Bearer, " + token, {{"authorization", "Bearer " + token}}), "'" + token + "'"
  );
}

}  // namespace
}  // namespace mlgraph::gateway
