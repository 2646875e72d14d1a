// Jobs over REST: who sees them, waiting for their end, stopping them.
#include <iterator>
#include <set>
#include <sstream>

#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

class ApiJobTest : public ApiTest {
 protected:
  ApiJobTest() {
    create("docs");
    create("other");
  }
  void finish(const std::shared_ptr<jobs::JobHandle>& job, base::Result<void> outcome = {}) {
    ASSERT_TRUE(stack_.runner->finish(job, std::move(outcome)));
  }
  /// "id id …" of a list's jobs.
  std::string listed(const std::string& query = "") {
    const auto answer = get("/jobs" + query);
    if (answer.status != 200) return std::to_string(answer.status) + " " + answer["member"];
    std::string ids;
    for (const auto& job : *answer.json.find("jobs")->as_array())
      ids += (ids.empty() ? "" : " ") + *job.find("jobId")->as_string();
    return ids;
  }
};

std::string split_sorted(const std::string& ids) {
  std::istringstream words(ids);
  const std::set<std::string> sorted{std::istream_iterator<std::string>(words), {}};
  std::string text;
  for (const auto& id : sorted) text += (text.empty() ? "" : " ") + id;
  return text;
}

TEST_F(ApiJobTest, ListsAreNarrowedByIndexAndState) {
  const auto running = begin_job("running", "docs");
  finish(begin_job("done", "docs"));
  finish(begin_job("broken", "other"), base::fail(base::ErrorCode::kBadRequest, "no file"));
  stack_.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(listed("?index=docs"), "running done");
  EXPECT_EQ(listed("?state=running"), "running");
  EXPECT_EQ(listed("?state=failed&index=docs"), "");
  EXPECT_EQ(listed("?state=failed"), "broken");
  EXPECT_EQ(listed("?index=none"), "");
  EXPECT_EQ(listed("?state=stuck"), "422 state");
  const auto broken = get("/jobs/broken");
  EXPECT_EQ(*broken.json.find("error")->find("code")->as_string(), "bad_request");
  EXPECT_EQ(*broken.json.find("error")->find("message")->as_string(), "no file");
  finish(running);
}

TEST_F(ApiJobTest, AJobOfAnIndexOneMayNotReadIsForbidden) {
  finish(begin_job("mine", "docs"));
  finish(begin_job("theirs", "other"));
  act_with({"read:docs", "events:job.*"});
  EXPECT_EQ(listed(), "mine");
  EXPECT_EQ(get("/jobs/mine").status, 200);
  for (const char* asked : {"/jobs/theirs", "/jobs/theirs?wait_for=completed&timeout_s=60"}) {
    const auto hidden = get(asked);
    EXPECT_EQ(hidden.status, 403);
    EXPECT_EQ(hidden["error"], "forbidden");
    EXPECT_EQ(hidden["message"], "job 'theirs' is one that this token may not see");
  }
  const auto none = get("/jobs/nobodys");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none["message"], "there is no job 'nobodys'");
}

TEST_F(ApiJobTest, JobsAreSeenByWhatATokenIsToldOfOrMayRead) {
  finish(begin_job("mine", "docs"));
  finish(begin_job("theirs", "other"));
  finish(begin_job("nobodys", ""));
  struct Case {
    std::vector<std::string> scopes;
    const char* listed;
  };
  const Case cases[] = {
      {{"admin"}, "mine nobodys theirs"},
      {{"events:*"}, "nobodys"},
      {{"events:job.*", "read:*"}, "mine nobodys theirs"},
      {{"events:job.completed", "read:docs"}, "mine nobodys"},
      {{"events:job.mine.*", "read:*"}, "mine"},
      // No listener at all: what names an index it may read.
      {{"read:*"}, "mine theirs"},
      {{"search:docs"}, "mine"},
      {{"read:docs"}, "mine"},
      // A listener of something else.
      {{"events:metrics.*", "read:*"}, ""},
      {{"events:index.*"}, ""}};
  for (const auto& one : cases) {
    act_with(one.scopes);
    auto ids = split_sorted(listed());
    EXPECT_EQ(ids, one.listed) << one.scopes.front();
  }
}

TEST_F(ApiJobTest, WhoMayWriteAnIndexSeesAJobOfItsById) {
  finish(begin_job("imported", "docs"));
  act_with({"write:docs", "events:metrics.*"});
  EXPECT_EQ(listed(), "");
  EXPECT_EQ(get("/jobs/imported").status, 200);
  EXPECT_EQ(post("/jobs/imported/cancel").status, 409) << "it has ended";
  act_with({"read:docs", "events:metrics.*"});
  EXPECT_EQ(get("/jobs/imported").status, 403);
}

TEST_F(ApiJobTest, WaitingAnswersAtTheEndOrWithTheRunningJobWhenTheTimeIsOver) {
  const auto job = begin_job("slow", "docs");
  auto waits = send("GET", "/api/v1/jobs/slow?wait_for=completed&timeout_s=0.5");
  auto outlasts = send("GET", "/api/v1/jobs/slow?wait_for=completed&timeout_s=3600");
  stack_.clock.advance(std::chrono::milliseconds(499));
  waits_.expire(stack_.clock.steady_now());
  EXPECT_EQ(waits.answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  job->add_processed(7);
  stack_.clock.advance(std::chrono::milliseconds(1));
  waits_.expire(stack_.clock.steady_now());
  const auto late = waits.get();
  EXPECT_EQ(late.status, 200);
  EXPECT_EQ(late["state"], "running");
  EXPECT_EQ(late["processed"], "7") << "as it stands now";
  EXPECT_EQ(get("/jobs/slow?wait_for=completed&timeout_s=0")["state"], "running");

  finish(job);
  const auto ended = outlasts.get();
  EXPECT_EQ(ended.status, 200);
  EXPECT_EQ(ended["state"], "completed");
  waits_.expire(stack_.clock.steady_now() + std::chrono::hours(2));  // nobody is answered twice

  EXPECT_EQ(get("/jobs/slow?wait_for=completed")["state"], "completed");
  EXPECT_EQ(get("/jobs/slow?wait_for=started")["member"], "wait_for");
  for (const char* seconds : {"3600.1", "-1", "x", "", "nan", "inf", "1s", "1e9"}) {
    const auto refused = get(std::string("/jobs/slow?wait_for=completed&timeout_s=") + seconds);
    EXPECT_EQ(refused.status, 422) << seconds;
    EXPECT_EQ(refused["member"], "timeout_s") << seconds;
  }
}

// Waits cost something until they are over: their number has a bound, and what is over costs
// nothing.
TEST_F(ApiJobTest, WaitsAreBoundedInAllAndForOneToken) {
  const auto job = begin_job("slow", "docs");
  const auto deadline = stack_.clock.steady_now() + std::chrono::seconds(1);
  std::atomic<std::size_t> answered{0};
  const gateway::Reply count = [&](const gateway::HttpResponse&) { ++answered; };
  using gateway::JobWaits;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < JobWaits::kWaitsPerTokenMax; ++i)
      ASSERT_TRUE(waits_.wait("slow", "one", deadline, count));
    EXPECT_EQ(code_of(waits_.wait("slow", "one", deadline, count)), base::ErrorCode::kOverloaded);
    for (std::size_t token = 1; token < JobWaits::kWaitsMax / JobWaits::kWaitsPerTokenMax; ++token)
      for (std::size_t i = 0; i < JobWaits::kWaitsPerTokenMax; ++i)
        ASSERT_TRUE(waits_.wait("slow", std::to_string(token), deadline, count));
    EXPECT_EQ(code_of(waits_.wait("slow", "more", deadline, count)), base::ErrorCode::kOverloaded);
    const auto refused = get("/jobs/slow?wait_for=completed");
    EXPECT_EQ(refused.status, 503);
    EXPECT_FALSE(refused.header("Retry-After").empty());
    answered = 0;
    waits_.expire(deadline);
    EXPECT_EQ(answered, JobWaits::kWaitsMax);
  }
  finish(job);
  EXPECT_EQ(answered, JobWaits::kWaitsMax) << "a wait that is over hears of no end";
}

TEST_F(ApiJobTest, AFailedJobIsAnEndToo) {
  const auto job = begin_job("slow", "docs");
  auto waits = send("GET", "/api/v1/jobs/slow?wait_for=completed");
  finish(job, base::fail(base::ErrorCode::kInternal, "broke"));
  EXPECT_EQ(waits.get()["state"], "failed");
}

TEST_F(ApiJobTest, CancellingAsksOnceAndIsRefusedAfterTheEnd) {
  const auto job = begin_job("slow", "docs");
  const auto asked = post("/jobs/slow/cancel");
  EXPECT_EQ(asked.status, 202);
  EXPECT_EQ(asked["jobId"], "slow");
  EXPECT_TRUE(job->cancelled());
  finish(job, base::fail(base::ErrorCode::kCancelled, "stopped"));
  const auto ended = get("/jobs/slow");
  EXPECT_EQ(*ended.json.find("error")->find("code")->as_string(), "cancelled");
  EXPECT_EQ(post("/jobs/slow/cancel").status, 409);
  EXPECT_EQ(post("/jobs/none/cancel").status, 404);
}

TEST_F(ApiJobTest, CancellingNeedsTheRightToWrite) {
  const auto job = begin_job("slow", "docs");
  act_with({"read:docs", "write:other"});
  const auto refused = post("/jobs/slow/cancel");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused["message"], "this needs the scope write:docs");
  act_with({"write:other"});
  EXPECT_EQ(post("/jobs/slow/cancel").status, 403);
  EXPECT_EQ(post("/jobs/none/cancel").status, 404);
  EXPECT_FALSE(job->cancelled());
  act_with({"write:docs"});
  EXPECT_EQ(post("/jobs/slow/cancel").status, 202);
  finish(job);
}

}  // namespace
}  // namespace mlgraph::testing
