// Codes that sign a browser in: one use, a short life, and no more rights than who asked for it has
// now.
#include "gateway/auth/sign_in.h"

#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SignInTest : public ApiTest {
 protected:
  gateway::Principal holder(const std::string& secret) {
    return authenticator_.authenticate(secret, "1.2.3.4").value();
  }
  std::string code() { return sign_in_.mint(holder("mlg_admin_token_1")).value().code; }
  ErrorCode refusal(const std::string& code, const std::string& remote = "1.2.3.4") {
    return code_of(sign_in_.redeem(code, remote));
  }
};

TEST_F(SignInTest, ACodeIsTradedOnceForATokenThatExpires) {
  const auto mine = code();
  const auto grant = sign_in_.redeem(mine, "1.2.3.4").value();
  EXPECT_TRUE(grant.info.name.starts_with("browser-")) << grant.info.name;
  const auto who = holder(grant.token);
  EXPECT_TRUE(who.scopes.is_admin());
  EXPECT_EQ(refusal(mine), ErrorCode::kUnauthorized);
  stack_.clock.advance(hours(12) + seconds(1));
  EXPECT_EQ(code_of(authenticator_.authenticate(grant.token, "1.2.3.4")), ErrorCode::kTokenExpired);
}

TEST_F(SignInTest, ACodeLivesFiveMinutes) {
  const auto first = code();
  stack_.clock.advance(minutes(3));
  const auto second = code();
  stack_.clock.advance(minutes(2));
  EXPECT_EQ(refusal(first), ErrorCode::kUnauthorized);
  EXPECT_TRUE(sign_in_.redeem(second, "1.2.3.4"));
}

TEST_F(SignInTest, ACodeOfARevokedTokenIsWorthNothing) {
  const auto secret = authenticator_.create({"ops", {"admin", "read:*"}, {}, {}, {}, {}}).value();
  const auto mine = sign_in_.mint(holder(secret)).value().code;
  ASSERT_TRUE(authenticator_.revoke("ops"));
  stack_.clock.advance(seconds(1));
  // Another one of the same name did not ask for it.
  ASSERT_TRUE(authenticator_.create({"ops", {"admin"}, {}, {}, {}, {}}));
  EXPECT_EQ(refusal(mine), ErrorCode::kUnauthorized);
}

TEST_F(SignInTest, TheTokenMayDoWhatItsMinterMayDoNowAndLivesNoLonger) {
  const base::Timestamp ends{stack_.clock.wall_now().ms + 60'000};
  const auto secret = authenticator_.create({"ops", {"admin", "read:*"}, ends, {}, {}, {}}).value();
  const auto mine = sign_in_.mint(holder(secret)).value().code;
  const auto less = base::parse_json(R"({"scopes":["read:docs"]})").value();
  ASSERT_TRUE(authenticator_.update("ops", less));
  const auto grant = sign_in_.redeem(mine, "1.2.3.4").value();
  EXPECT_EQ(grant.info.scopes, std::vector<std::string>{"read:docs"});
  EXPECT_EQ(grant.info.expires_at, ends);
}

TEST_F(SignInTest, WrongCodesCountAsWrongTokensDo) {
  for (int i = 0; i < 99; ++i) ASSERT_EQ(refusal("guess"), ErrorCode::kUnauthorized) << i;
  EXPECT_EQ(
      code_of(authenticator_.authenticate("mlg_wrong_guess", "1.2.3.4")), ErrorCode::kUnauthorized
  );
  EXPECT_EQ(refusal("guess"), ErrorCode::kRateLimited);
  EXPECT_EQ(refusal("guess", "5.6.7.8"), ErrorCode::kUnauthorized);
  EXPECT_TRUE(sign_in_.redeem(code(), "1.2.3.4")) << "a good one is never held up";
}

TEST_F(SignInTest, AThousandCodesMayWait) {
  for (std::size_t i = 0; i < gateway::SignIn::kCodesMax; ++i) static_cast<void>(code());
  const auto admin = holder("mlg_admin_token_1");
  EXPECT_EQ(code_of(sign_in_.mint(admin)), ErrorCode::kOverloaded);
  stack_.clock.advance(minutes(5));
  EXPECT_TRUE(sign_in_.mint(admin));
}

TEST_F(SignInTest, ExpiredTokensOfBrowsersAreRemovedWhenTheNextSignsIn) {
  const auto old = sign_in_.redeem(code(), "1.2.3.4").value().info.name;
  stack_.clock.advance(hours(13));
  const auto fresh = sign_in_.redeem(code(), "1.2.3.4").value().info.name;
  EXPECT_FALSE(authenticator_.find(old));
  EXPECT_TRUE(authenticator_.find(fresh));
}

TEST_F(SignInTest, OverRestTheRefusalIsRestsOwn) {
  EXPECT_EQ(post("/sign-in", R"({"code":"nobodys"})").status, 401);
  EXPECT_EQ(post("/sign-in", "{}").status, 422);
  EXPECT_EQ(post("/sign-in", R"({"code":7})").status, 422);
  EXPECT_EQ(post("/sign-in", R"({"code":")" + std::string(257, 'x') + R"("})").status, 422);
  for (int i = 0; i < 100; ++i) static_cast<void>(post("/sign-in", R"({"code":"nobodys"})"));
  const auto refused = post("/sign-in", R"({"code":"nobodys"})");
  EXPECT_EQ(refused.status, 429);
  EXPECT_FALSE(refused.header("Retry-After").empty());
  EXPECT_EQ(refused.header("X-RateLimit-Limit"), "100");
  act_with({"read:*", "write:*", "events:*"});
  EXPECT_EQ(post("/sign-in-codes").status, 403);
}

}  // namespace
}  // namespace mlgraph::testing
