// Hosts and origins, as browsers and attackers write them.
#include "gateway/auth/origin.h"

#include <gtest/gtest.h>

#include "gateway/auth/authority.h"
#include "gateway/net/request_head.h"

namespace mlgraph::gateway {
namespace {

TEST(Authority, IsAHostAndPerhapsAPort) {
  EXPECT_EQ(parse_authority("Example.COM")->host, "example.com");
  EXPECT_EQ(parse_authority("a_b-c.local:7700")->port, 7'700);
  EXPECT_EQ(parse_authority("[::1]:65535")->port, 65'535);
  EXPECT_EQ(parse_authority("[FE80::1%25eth0]")->host, "[fe80::1%25eth0]");
  for (const char* bad :
       {"",     " ",       "a b",     "a/b",   "a@b", "a:b",     "a:",    "a:0", "a:00080",
        "a:-1", "a:65536", "a:99999", "a:80 ", "::1", "[::1",    "::1]",  "[]",  "[a]",
        "a,b",  "a?b",     "a#b",     "a\\b",  ":80", "[::1]80", "a:8:80"})
    EXPECT_FALSE(parse_authority(bad)) << bad;
}

TEST(OriginPolicy, LoopbackAndTheSameOriginByDefault) {
  const OriginPolicy policy({});
  const auto allows = [&](const char* origin) {
    return policy.allows(origin, "db.example:7700", false);
  };
  for (const char* origin :
       {"http://localhost",
        "https://localhost:1",
        "http://127.0.0.1:65535",
        "http://[::1]:9",
        "http://db.example:7700",
        "HTTP://DB.example:7700"})
    EXPECT_TRUE(allows(origin)) << origin;
  for (const char* origin :
       {"http://localhost:0",
        "http://localhost:65536",
        "http://localhost:99999",
        "http://localhost:",
        "http://localhost:080",
        "http://127.0.0.1:123456",
        "http://localhost:80/",
        "http://localhost@evil.example",
        "http://db.example",
        "https://db.example:7700",
        "http://evil.example",
        "ws://localhost",
        "null",
        ""})
    EXPECT_FALSE(allows(origin)) << origin;
}

TEST(OriginPolicy, AListIsExact) {
  const OriginPolicy policy({"https://app.example"});
  EXPECT_TRUE(policy.allows("https://app.example:443", "x", true));
  EXPECT_FALSE(policy.allows("https://app.example:70443", "x", true));
  EXPECT_FALSE(policy.allows("http://localhost", "x", true));
}

TEST(HostPolicy, NamesWithAndWithoutPort) {
  const HostPolicy policy({"db.example", "admin.example:7700"});
  EXPECT_TRUE(policy.allows("DB.example:1234"));
  EXPECT_TRUE(policy.allows("admin.example:7700"));
  EXPECT_FALSE(policy.allows("admin.example"));
  EXPECT_FALSE(policy.allows("db.example.evil"));
  EXPECT_FALSE(policy.allows(""));
  EXPECT_TRUE(HostPolicy({}).allows("whatever"));
}

TEST(RequestHead, NeedsAHostThatIsOne) {
  const auto check = [](const std::string& host) {
    return check_request_head("GET / HTTP/1.1\r\n" + host + "\r\n", {}).has_value();
  };
  EXPECT_TRUE(check("Host: x\r\n"));
  EXPECT_TRUE(check("Host:  [::1]:7700 \r\n"));
  for (const char* bad :
       {"",
        "Host:\r\n",
        "Host: \r\n",
        "Host: a b\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host: http://a\r\n",
        "Host: a:x\r\n"})
    EXPECT_FALSE(check(bad)) << bad;
  EXPECT_TRUE(check_request_head("GET / HTTP/1.0\r\n\r\n", {})) << "older than Host";
}

}  // namespace
}  // namespace mlgraph::gateway
