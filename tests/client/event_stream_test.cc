// EventStream against a server that cuts, refuses, closes and falls silent at chosen points.
#include "client/event_stream.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "client/backoff.h"
#include "client/fake_server.h"
#include "client/seed.h"

namespace mlgraph::client {
namespace {

using std::chrono::milliseconds;
using testing::FakeServer;
using testing::Peer;
using Kind = StreamStatus::Kind;

std::string since_of(const base::Json& request) {
  const auto* since = request.find("since");
  return since ? *since->as_string() : "";
}

/// Runs a stream until the server says bye; keeps what came.
class Watched {
 public:
  explicit Watched(const FakeServer& server, StreamOptions options = {})
      : stream_(server.connection(), quick(std::move(options))) {}

  base::Result<void> run() {
    return stream_.run(
        [this](const StreamMessage& message) { return on_message(message); },
        [this](const StreamStatus& status) {
          statuses.push_back(status);
          if (on_status) on_status(status);
        }
    );
  }
  std::vector<StreamStatus> of(Kind kind) const {
    std::vector<StreamStatus> found;
    for (const auto& status : statuses)
      if (status.kind == kind) found.push_back(status);
    return found;
  }
  std::string position() const { return stream_.position(); }
  void stop() { stream_.stop(); }

  std::vector<std::string> events;  // their ids
  std::vector<std::string> types;
  std::vector<StreamStatus> statuses;
  std::function<void(const StreamStatus&)> on_status;
  std::string refuses;  // the id of an event that is not taken

 private:
  static StreamOptions quick(StreamOptions options) {
    options.backoff_first = milliseconds(2);
    options.backoff_max = milliseconds(20);
    options.seed = testing::seed();
    return options;
  }
  Take on_message(const StreamMessage& message) {
    if (message.type == "bye") return Take::kLast;
    types.push_back(message.type);
    const auto* id = message.json->find("id");
    if (message.type != "index.created" || !id) return Take::kMore;
    if (*id->as_string() == refuses) return Take::kRefuse;
    events.push_back(*id->as_string());
    return Take::kMore;
  }
  EventStream stream_;
};

TEST(EventStream, ResumesAfterACutWhereItWas) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.event("e-2");
    peer.event("e-5");
    peer.close(1001);
  });
  server.then([&](Peer& peer) {
    server.note(since_of(peer.expect("subscribe")));
    peer.subscribed("e-5", true);
    peer.event("e-6");
    peer.bye();
  });
  Watched watched(server);
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(server.notes(), std::vector<std::string>{"e-5"});
  EXPECT_EQ(watched.events, (std::vector<std::string>{"e-2", "e-5", "e-6"}));
  EXPECT_EQ(watched.position(), "e-6");
  EXPECT_EQ(watched.of(Kind::kConnected).size(), 2U);
  EXPECT_EQ(watched.of(Kind::kGap).size(), 0U);
}

/// A kill: no close frame. What was on its way may be gone, and is behind the last id that came.
TEST(EventStream, ResumesAfterAReset) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.event("e-2");
    peer.expect("ping");  // the event has been read by now
    peer.cut();
  });
  server.then([&](Peer& peer) {
    server.note(since_of(peer.expect("subscribe")));
    peer.bye();
  });
  Watched watched(server, {.heartbeat = milliseconds(30)});
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(server.notes(), std::vector<std::string>{"e-2"});
}

TEST(EventStream, CutBetweenTwoStatePartsBringsTheWholeStateAgain) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-4", false);
    peer.state_part("e-6", 0, false);
    peer.close(1001);
  });
  server.then([&](Peer& peer) {
    server.note(since_of(peer.expect("subscribe")));
    peer.subscribed("e-4", true);
    peer.event("e-5");
    peer.expect("sync");
    peer.state_part("e-8", 0, false);
    peer.state_part("e-8", 1, true);
    peer.bye();
  });
  Watched watched(server, {.state = true});
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(server.notes(), std::vector<std::string>{"e-4"});
  EXPECT_EQ(watched.events, (std::vector<std::string>{"e-5"}));
  EXPECT_EQ(watched.position(), "e-8");
}

TEST(EventStream, LostCursorIsTold) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("new-30", false);
    peer.state_part("new-31", 0, true);
    peer.bye();
  });
  Watched watched(server, {.since = "old-7", .state = true});
  ASSERT_TRUE(watched.run());
  ASSERT_EQ(watched.of(Kind::kGap).size(), 1U);
  EXPECT_EQ(watched.of(Kind::kGap)[0].reason, "old-7");
  EXPECT_EQ(watched.types, (std::vector<std::string>{"subscribed", "state"}));
  EXPECT_EQ(watched.position(), "new-31");
}

/// Connections that end before they are subscribed wait longer and longer, whatever they said.
TEST(EventStream, BackoffStartsOverOnlyWhenSubscribed) {
  FakeServer server;
  constexpr int kUseless = 4;
  for (int i = 0; i < kUseless; ++i)
    server.then([](Peer& peer) {
      peer.say(R"({"type":"welcome","data":{}})");
      peer.close(1011);
    });
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.close(1011);
  });
  server.then([](Peer& peer) { peer.bye(); });
  Watched watched(server);
  ASSERT_TRUE(watched.run());
  Backoff expected({milliseconds(2), milliseconds(20), testing::seed()});
  const auto waits = watched.of(Kind::kDisconnected);
  ASSERT_EQ(waits.size(), kUseless + 1U);
  for (std::size_t i = 0; i < kUseless; ++i) EXPECT_EQ(waits.at(i).retry_in, expected.next());
  expected.reset();
  EXPECT_EQ(waits.back().retry_in, expected.next());
}

TEST(EventStream, LeastDelayOfACloseIsKept) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.close(4103, "shutdown retry_after_ms=60");
  });
  server.then([](Peer& peer) { peer.bye(); });
  Watched watched(server);
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(watched.run());
  EXPECT_GE(watched.of(Kind::kDisconnected).at(0).retry_in, milliseconds(60));
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(60));
}

TEST(EventStream, RefusedConnectionsAreRetriedUntilTheServerIsBack) {
  FakeServer server(FakeServer::Begin::kRefusing);
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.bye();
  });
  Watched watched(server);
  watched.on_status = [&](const StreamStatus&) {
    if (watched.statuses.size() == 3) server.listen();
  };
  ASSERT_TRUE(watched.run());
  EXPECT_GE(watched.of(Kind::kDisconnected).size(), 3U);
}

TEST(EventStream, AServerThatIsNotReadyIsRetried) {
  FakeServer server;
  server.then_refuse("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0");
  server.then([](Peer& peer) { peer.bye(); });
  Watched watched(server);
  EXPECT_TRUE(watched.run());
  EXPECT_EQ(server.connections(), 2);
}

TEST(EventStream, AForbiddenUpgradeIsNot) {
  FakeServer server;
  server.then_refuse("HTTP/1.1 403 Forbidden");
  Watched watched(server);
  const auto outcome = watched.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kForbidden);
  EXPECT_EQ(server.connections(), 1);
}

TEST(EventStream, FinalClosesEndIt) {
  FakeServer server;
  server.then([](Peer& peer) { peer.close(4001, "token revoked"); });
  Watched watched(server);
  const auto outcome = watched.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kUnauthorized);
  EXPECT_EQ(server.connections(), 1);
}

TEST(EventStream, ARefusedSubscriptionEndsIt) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.say(
        R"({"type":"error","data":{"code":"bad_request","message":"since lies ahead"},"ref":"subscribe"})"
    );
    peer.wait_for_end();
  });
  Watched watched(server, {.since = "e-99"});
  const auto outcome = watched.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "since lies ahead");
}

TEST(EventStream, WhatIsNoJsonEndsIt) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.say(R"({"type":"index.created","data":{},"id":"e-2)");
    peer.wait_for_end();
  });
  Watched watched(server);
  const auto outcome = watched.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kCorrupt);
  EXPECT_EQ(watched.position(), "e-1");
}

TEST(EventStream, AnExpiredTokenThatCannotBeRenewedEndsIt) {
  FakeServer server;
  server.then([](Peer& peer) { peer.close(4201, "token expired"); });
  Watched watched(server);
  const auto outcome = watched.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kTokenExpired);
}

TEST(EventStream, AnExpiredTokenIsRenewedAtOnce) {
  FakeServer server;
  std::atomic<bool> renewed{false};
  server.then([&](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    renewed = true;
    peer.close(4201, "token expired");
  });
  server.then([&](Peer& peer) {
    server.note(peer.token());
    peer.bye();
  });
  Watched watched(server, {.token = [&] {
                    return std::string(renewed ? "mlg_second_token" : "mlg_first_token");
                  }});
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(server.notes(), std::vector<std::string>{"mlg_second_token"});
  EXPECT_EQ(watched.of(Kind::kDisconnected).at(0).retry_in, milliseconds(0));
}

/// Told in time, the session goes on under the new token.
TEST(EventStream, AnExpiringTokenIsRenewedInPlace) {
  FakeServer server;
  std::atomic<bool> renewed{false};
  server.then([&](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    renewed = true;
    peer.say(R"({"type":"auth_expiring","data":{"expires_at":"2030-01-01T00:00:00.000Z"}})");
    server.note(*peer.expect("auth").find("token")->as_string());
    peer.bye();
  });
  Watched watched(server, {.token = [&] {
                    return std::string(renewed ? "mlg_second_token" : "mlg_first_token");
                  }});
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(server.notes(), std::vector<std::string>{"mlg_second_token"});
  EXPECT_EQ(server.connections(), 1);
}

/// A file that is just being written again has no first line.
TEST(EventStream, NoTokenAtTheMomentKeepsTheLastOne) {
  FakeServer server;
  for (int i = 0; i < 2; ++i)
    server.then([&](Peer& peer) {
      server.note(peer.token());
      peer.expect("subscribe");
      peer.subscribed("e-1", false);
      peer.close(1001);
    });
  server.then([](Peer& peer) { peer.bye(); });
  int asked = 0;
  Watched watched(server, {.token = [&] {
                    return std::string(asked++ == 0 ? "mlg_first_token" : "");
                  }});
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(server.notes(), (std::vector<std::string>{"mlg_first_token", "mlg_first_token"}));
}

/// Revoked behind a rotation: the next token is not "the same again".
TEST(EventStream, ARevokedTokenIsReplacedByAnotherOne) {
  FakeServer server;
  std::atomic<bool> renewed{false};
  server.then([&](Peer& peer) {
    renewed = true;
    peer.close(4001, "token revoked");
  });
  server.then([&](Peer& peer) {
    server.note(peer.token());
    peer.bye();
  });
  Watched watched(server, {.token = [&] {
                    return std::string(renewed ? "mlg_second_token" : "mlg_first_token");
                  }});
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(server.notes(), std::vector<std::string>{"mlg_second_token"});
}

TEST(EventStream, SilenceIsAskedAboutAndThenCut) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.expect("ping");
    peer.say(
        R"({"type":"pong","timestamp":"2030-01-01T00:00:00.000Z","ref":"heartbeat","id":"e-40"})"
    );
    peer.wait_for_end();  // never answers again
  });
  server.then([&](Peer& peer) {
    server.note(since_of(peer.expect("subscribe")));
    peer.bye();
  });
  Watched watched(server, {.heartbeat = milliseconds(50)});
  ASSERT_TRUE(watched.run());
  ASSERT_EQ(watched.of(Kind::kDisconnected).size(), 1U);
  EXPECT_EQ(watched.of(Kind::kDisconnected)[0].reason, "no sign of life");
  EXPECT_EQ(server.notes(), std::vector<std::string>{"e-40"});
}

TEST(EventStream, WhatIsNotTakenIsNotPassed) {
  FakeServer server;
  server.then([](Peer& peer) {
    peer.expect("subscribe");
    peer.subscribed("e-1", false);
    peer.event("e-2");
    peer.event("e-3");
    peer.wait_for_end();
  });
  Watched watched(server);
  watched.refuses = "e-3";
  ASSERT_TRUE(watched.run());
  EXPECT_EQ(watched.position(), "e-2");
}

TEST(EventStream, StopsFromAnotherThreadWhereverItIs) {
  FakeServer silent;
  silent.then([](Peer& peer) { peer.wait_for_end(); });
  FakeServer refusing(FakeServer::Begin::kRefusing);
  for (const FakeServer* server : {&silent, &refusing}) {
    Watched watched(*server);
    std::thread stopper([&] { watched.stop(); });
    EXPECT_TRUE(watched.run());
    stopper.join();
  }
}

TEST(EventStream, EndsAtOnceWithoutReconnecting) {
  FakeServer server;
  server.then([](Peer& peer) { peer.close(1001); });
  Watched watched(server, {.reconnect = false});
  const auto outcome = watched.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kInternal);
}

}  // namespace
}  // namespace mlgraph::client
