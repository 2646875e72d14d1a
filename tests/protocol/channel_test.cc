#include "protocol/channel.h"

#include <gtest/gtest.h>

namespace mlgraph::protocol {
namespace {

using model::EventKind;

bool matches(const char* pattern, EventKind kind, const char* entity) {
  const auto parsed = Pattern::parse(pattern);
  return parsed && parsed->matches(kind, entity);
}

TEST(Pattern, StandsOnBothChannelsOfAnEvent) {
  EXPECT_TRUE(matches("job.progress", EventKind::kJobProgress, "import-abc123"));
  EXPECT_TRUE(matches("job.*", EventKind::kJobProgress, "import-abc123"));
  EXPECT_TRUE(matches("job.import-abc123.*", EventKind::kJobProgress, "import-abc123"));
  EXPECT_TRUE(matches("job.import-abc123.progress", EventKind::kJobProgress, "import-abc123"));
  EXPECT_TRUE(
      matches("index.production-vectors.*", EventKind::kIndexShardTransition, "production-vectors")
  );
  EXPECT_TRUE(
      matches("metrics.production-vectors.search", EventKind::kMetricsSearch, "production-vectors")
  );
  EXPECT_TRUE(matches("*", EventKind::kAlertRateLimit, "alert-x"));
  EXPECT_FALSE(matches("job.import-abc.*", EventKind::kJobProgress, "import-abc123"));
  EXPECT_FALSE(matches("job.started", EventKind::kJobProgress, "import-abc123"));
  EXPECT_FALSE(matches("index.*", EventKind::kJobProgress, "import-abc123"));
}

TEST(Pattern, RefusesWhatIsNoChannel) {
  for (const char* bad :
       {"",
        ".",
        "job.",
        ".job",
        "job..started",
        "**",
        "*.*.*",
        "job.*x",
        "job.>",
        "job. x",
        "jöb.started",
        "job.%2e",
        "foo.bar",
        "job.a.b.c",
        "a*"}) {
    const auto parsed = Pattern::parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, base::ErrorCode::kInvalidChannel) << bad;
  }
  EXPECT_FALSE(Pattern::parse("job." + std::string(65, 'x') + ".started"));
  EXPECT_TRUE(Pattern::parse("job." + std::string(64, 'x') + ".started"));
}

TEST(Scopes, SeeWhatEventsAndReadTogetherCover) {
  const auto scopes =
      Scopes::parse({"events:index.production-*.*", "events:job.*", "read:production-*"});
  ASSERT_TRUE(scopes);
  EXPECT_TRUE(scopes->sees(EventKind::kIndexUpdated, "production-a", "production-a"));
  EXPECT_FALSE(scopes->sees(EventKind::kIndexUpdated, "staging", "staging"));
  EXPECT_TRUE(scopes->sees(EventKind::kJobStarted, "import-1", "production-a"));
  EXPECT_FALSE(scopes->sees(EventKind::kJobStarted, "import-1", "staging"));
  EXPECT_TRUE(scopes->sees(EventKind::kJobStarted, "backup-1", ""));
  EXPECT_FALSE(scopes->sees(EventKind::kAlertWarning, "alert-1", ""));
}

TEST(Scopes, PatternsWithoutAnyPossibleMatchAreKnown) {
  const auto scopes = Scopes::parse({"events:metrics.*", "read:*"});
  ASSERT_TRUE(scopes);
  EXPECT_TRUE(scopes->could_match(*Pattern::parse("*")));
  EXPECT_TRUE(scopes->could_match(*Pattern::parse("metrics.system")));
  EXPECT_FALSE(scopes->could_match(*Pattern::parse("job.*")));
  EXPECT_TRUE(Scopes::admin().could_match(*Pattern::parse("job.*")));
}

TEST(Scopes, WriteAndSearchImplyRead) {
  const auto scopes = Scopes::parse({"write:a", "search:b"});
  ASSERT_TRUE(scopes);
  EXPECT_TRUE(scopes->allows(Scopes::Verb::kRead, "a"));
  EXPECT_TRUE(scopes->allows(Scopes::Verb::kRead, "b"));
  EXPECT_FALSE(scopes->allows(Scopes::Verb::kSearch, "a"));
  EXPECT_FALSE(scopes->allows(Scopes::Verb::kWrite, "b"));
}

TEST(Scopes, RefuseWhatTheyDoNotKnow) {
  for (const char* bad : {"", "read", "read:", "own:*", "events:nope.*", "read:a/b", "admin:*"})
    EXPECT_FALSE(Scopes::parse({bad})) << bad;
}

}  // namespace
}  // namespace mlgraph::protocol
