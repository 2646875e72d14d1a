#include "client/resume_point.h"

#include <gtest/gtest.h>

namespace mlgraph::client {
namespace {

/// A resume point that reads messages as text.
class Point : public ResumePoint {
 public:
  using ResumePoint::ResumePoint;
  News reads(const std::string& text) {
    const auto json = base::parse_json(text);
    EXPECT_TRUE(json) << text;
    return take(*json->find("type")->as_string(), *json);
  }
  News subscribed(const std::string& id, bool recovered) {
    return reads(
        R"({"type":"subscribed","data":{"channels":["*"],"id":")" + id + R"(","recovered":)" +
        (recovered ? "true" : "false") + R"(},"ref":"subscribe"})"
    );
  }
  News state_part(const std::string& id, int part, bool last) {
    return reads(
        R"({"type":"state","data":{"part":)" + std::to_string(part) + R"(,"last":)" +
        (last ? "true" : "false") + R"(},"id":")" + id + R"("})"
    );
  }
};

TEST(ResumePoint, FirstRequestHasNoSince) {
  Point point({"job.*", "alert.*"}, "", false);
  EXPECT_EQ(
      point.subscribe_request(),
      R"({"type":"subscribe","channels":["job.*","alert.*"],"ref":"subscribe"})"
  );
}

/// Cut before any event: what happened meanwhile is behind the id of `subscribed`.
TEST(ResumePoint, BeginsAtTheTailItWasTold) {
  Point point({"*"}, "", false);
  static_cast<void>(point.subscribe_request());
  const auto news = point.subscribed("e-7", false);
  EXPECT_TRUE(news.subscribed);
  EXPECT_FALSE(news.gap_after);
  EXPECT_EQ(
      point.subscribe_request(),
      R"({"type":"subscribe","channels":["*"],"since":"e-7","ref":"subscribe"})"
  );
}

TEST(ResumePoint, EventsMoveItAndMetricsDoNot) {
  Point point({"*"}, "e-1", false);
  point.reads(R"({"type":"job.started","data":{},"id":"e-5"})");
  EXPECT_EQ(point.id(), "e-5");
  point.reads(R"({"type":"metrics.system","data":{}})");
  point.reads(R"({"type":"welcome","data":{"id":"e-9"}})");
  EXPECT_EQ(point.id(), "e-5");
}

TEST(ResumePoint, StateIsItsPositionOnlyWhenWhole) {
  Point point({"*"}, "", true);
  static_cast<void>(point.subscribe_request());
  static_cast<void>(point.subscribed("e-7", false));
  static_cast<void>(point.state_part("e-9", 0, false));
  EXPECT_EQ(point.id(), "e-7");
  EXPECT_TRUE(point.owes_state());
  static_cast<void>(point.state_part("e-9", 1, true));
  EXPECT_EQ(point.id(), "e-9");
  EXPECT_FALSE(point.owes_state());
}

/// The resume is recovered, so the server does not send the state again by itself.
TEST(ResumePoint, CutBetweenTwoPartsAsksForTheStateAgain) {
  Point point({"*"}, "", true);
  static_cast<void>(point.subscribe_request());
  static_cast<void>(point.subscribed("e-7", false));
  static_cast<void>(point.state_part("e-9", 0, false));
  EXPECT_EQ(
      point.subscribe_request(),
      R"({"type":"subscribe","channels":["*"],"since":"e-7","state":true,"ref":"subscribe"})"
  );
  EXPECT_TRUE(point.subscribed("e-7", true).ask_state);
  EXPECT_EQ(Point::sync_request(), R"({"type":"sync","ref":"sync"})");
}

TEST(ResumePoint, WholeStateIsNotAskedForAgain) {
  Point point({"*"}, "", true);
  static_cast<void>(point.subscribe_request());
  static_cast<void>(point.subscribed("e-7", false));
  static_cast<void>(point.state_part("e-7", 0, true));
  static_cast<void>(point.subscribe_request());
  EXPECT_FALSE(point.subscribed("e-7", true).ask_state);
}

TEST(ResumePoint, LostCursorIsAGap) {
  Point point({"*"}, "old-3", false);
  static_cast<void>(point.subscribe_request());
  const auto news = point.subscribed("new-40", false);
  EXPECT_EQ(news.gap_after, "old-3");
  EXPECT_FALSE(news.ask_state);
  EXPECT_EQ(point.id(), "new-40");
}

/// The state that closes the gap follows by itself; when it is cut, it is asked for.
TEST(ResumePoint, LostCursorOwesAState) {
  Point point({"*"}, "old-3", true);
  EXPECT_FALSE(point.owes_state());
  static_cast<void>(point.subscribe_request());
  EXPECT_FALSE(point.subscribed("new-40", false).ask_state);
  EXPECT_TRUE(point.owes_state());
  static_cast<void>(point.subscribe_request());
  EXPECT_TRUE(point.subscribed("new-40", true).ask_state);
}

TEST(ResumePoint, LogTrimmedUnderAReplayIsAGap) {
  Point point({"*"}, "e-3", true);
  const auto news = point.reads(
      R"({"type":"error","data":{"code":"cursor_expired","message":"gone","retryable":false}})"
  );
  EXPECT_EQ(news.gap_after, "e-3");
  EXPECT_TRUE(news.ask_state);
  EXPECT_TRUE(news.ask_position);
  EXPECT_FALSE(news.refused);
}

/// A narrow subscription may be quiet for longer than the log is kept.
TEST(ResumePoint, HeartbeatKeepsAQuietPositionFresh) {
  Point point({"job.x.*"}, "e-3", false);
  point.reads(R"({"type":"pong","id":"e-900","ref":"heartbeat"})");
  EXPECT_EQ(point.id(), "e-900");
  point.reads(R"({"type":"pong","id":"e-5","ref":"somebody-else"})");
  EXPECT_EQ(point.id(), "e-900");
}

TEST(ResumePoint, RefusedSubscriptionEndsIt) {
  Point point({"nonsense"}, "", false);
  const auto news = point.reads(
      R"({"type":"error","data":{"code":"invalid_channel","message":"no","retryable":false},"ref":"subscribe"})"
  );
  ASSERT_TRUE(news.refused);
  EXPECT_EQ(news.refused->code, base::ErrorCode::kInvalidChannel);
  const auto later = point.reads(
      R"({"type":"error","data":{"code":"rate_limited","message":"no","retryable":true,"retry_after_ms":70},"ref":"sync"})"
  );
  ASSERT_TRUE(later.refused);
  EXPECT_EQ(later.refused->retry_after_ms, 70);
}

TEST(ResumePoint, OtherErrorsAreOnlyShown) {
  Point point({"*"}, "e-3", false);
  EXPECT_FALSE(
      point.reads(R"({"type":"error","data":{"code":"rate_limited","message":"slow down"}})")
          .refused
  );
}

/// One forbidden channel refuses a whole request, so later ones ask for what is left.
TEST(ResumePoint, NarrowedScopesNarrowTheRequest) {
  Point point({"job.*", "index.*"}, "e-3", false);
  const auto news = point.reads(
      R"({"type":"unsubscribed","data":{"channels":["job.*"],"reason":"the scopes were changed"}})"
  );
  EXPECT_EQ(news.narrowed, "the scopes were changed");
  EXPECT_FALSE(news.refused);
  EXPECT_EQ(
      point.subscribe_request(),
      R"({"type":"subscribe","channels":["job.*"],"since":"e-3","ref":"subscribe"})"
  );
  const auto nothing =
      point.reads(R"({"type":"unsubscribed","data":{"channels":[],"reason":"all"}})");
  ASSERT_TRUE(nothing.refused);
  EXPECT_EQ(nothing.refused->code, base::ErrorCode::kForbidden);
}

}  // namespace
}  // namespace mlgraph::client
