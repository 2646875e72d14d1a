// What only the server knows of a job: kept while the job runs, beside what clients see of it.
#include <map>

#include <gtest/gtest.h>

#include "base/json.h"
#include "model/fold.h"

namespace mlgraph::model {
namespace {

Entry entry_of(std::uint64_t seq, EventKind kind, JobState state, std::string hidden = {}) {
  Job job;
  job.job_id = "one";
  job.job_type = "import";
  job.state = state;
  std::string data;
  base::JsonWriter out(data);
  write(out, job);
  Entry entry;
  entry.seq = seq;
  entry.kind = kind;
  entry.entity = "one";
  entry.public_json = encode_event(kind, {}, data, "e-" + std::to_string(seq));
  entry.private_json = std::move(hidden);
  return entry;
}

TEST(JobPrivate, StaysThroughProgressAndGoesWithTheEnd) {
  Fold fold;
  EXPECT_EQ(fold.job_private("one"), nullptr);
  ASSERT_TRUE(fold.apply(entry_of(1, EventKind::kJobStarted, JobState::kQueued, R"({"a":"\"b"})")));
  ASSERT_TRUE(fold.apply(entry_of(2, EventKind::kJobProgress, JobState::kRunning)));
  ASSERT_TRUE(fold.job_private("one"));
  EXPECT_EQ(*fold.job_private("one"), R"({"a":"\"b"})");
  ASSERT_TRUE(fold.apply(entry_of(3, EventKind::kJobFailed, JobState::kFailed)));
  EXPECT_EQ(fold.job_private("one"), nullptr);
}

TEST(JobPrivate, IsMaterialisedFollowedAndLoaded) {
  Fold tentative;
  Fold published;
  std::map<std::string, std::string> stored;
  const auto take = [&] {
    tentative.take_changes([&](const std::string& key, const std::string& value) {
      stored[key] = value;
    });
    published.follow(tentative);
  };
  ASSERT_TRUE(tentative.apply(entry_of(1, EventKind::kJobStarted, JobState::kRunning, "{}")));
  take();
  EXPECT_EQ(*published.job_private("one"), "{}");
  Fold loaded;
  for (const auto& [key, value] : stored) ASSERT_TRUE(loaded.load(key, value));
  ASSERT_TRUE(loaded.job_private("one"));
  EXPECT_EQ(*loaded.job_private("one"), "{}");
  EXPECT_EQ(*loaded.job("one"), *tentative.job("one"));

  ASSERT_TRUE(tentative.apply(entry_of(2, EventKind::kJobCompleted, JobState::kCompleted)));
  take();
  EXPECT_EQ(published.job_private("one"), nullptr);
  EXPECT_EQ(stored.at("job/one").find("private"), std::string::npos);
}

}  // namespace
}  // namespace mlgraph::model
