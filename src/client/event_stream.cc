#include "client/event_stream.h"

#include <atomic>
#include <random>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/mutex.h"
#include "client/backoff.h"
#include "client/ending.h"
#include "client/link.h"
#include "client/resume_point.h"
#include "client/tls.h"
#include "protocol/error_table.h"

namespace mlgraph::client {
namespace {

namespace asio = boost::asio;
using base::ErrorCode;
using base::Result;
using Kind = StreamStatus::Kind;
using OnMessage = std::function<Take(const StreamMessage&)>;
using OnStatus = std::function<void(const StreamStatus&)>;

constexpr const char* kHello = R"({"type":"hello","client":"mlgraph"})";
constexpr base::JsonLimits kJsonLimits{.depth_max = 64, .members_max = 1 << 20};

std::string auth_request(const std::string& token) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("type", "auth");
    out.member("token", token);
    out.member("ref", "auth");
  });
  return text;
}

}  // namespace

class EventStream::Impl {
 public:
  Impl(Connection connection, StreamOptions options)
      : connection_(std::move(connection)),
        options_(std::move(options)),
        backoff_(
            {options_.backoff_first,
             options_.backoff_max,
             options_.seed ? options_.seed : std::random_device{}()}
        ),
        resume_(options_.channels, options_.since.value_or(""), options_.state) {}

  Result<void> run(const OnMessage& on_message, const OnStatus& on_status) {
    on_message_ = &on_message;
    on_status_ = &on_status;
    if (connection_.server.tls) {
      try {
        tls_.emplace(make_tls_context(connection_));
      } catch (const boost::system::system_error& error) {
        return base::fail(ErrorCode::kInvalidValue, "{}: {}", connection_.ca_file, error.what());
      }
    }
    Result<void> outcome;
    std::exception_ptr thrown;
    asio::co_spawn(io_, keep_going(), [&](const std::exception_ptr& error, Result<void> result) {
      thrown = error;
      outcome = std::move(result);
    });
    io_.run();
    if (thrown) std::rethrow_exception(thrown);  // by a callback
    return outcome;
  }

  void stop() {
    stopping_ = true;
    asio::post(io_, [this] {
      if (link_) link_->end();
      pause_.cancel();
    });
  }

  std::string position() const {
    base::MutexLock lock(mutex_);
    return resume_.id();
  }

 private:
  asio::awaitable<Result<void>> keep_going() {
    for (;;) {
      if (stopping_) co_return Result<void>();
      const Ending ending = co_await connect_once();
      if (ending.stopped || stopping_) co_return Result<void>();
      const Next next = next_after(ending);
      if (next == Next::kDone) co_return Result<void>();
      if (!may_return(ending, next)) co_return tl::unexpected(error_of(ending));
      if (!options_.reconnect)
        co_return base::fail(ErrorCode::kInternal, "the connection ended: {}", ending.reason);
      // A new token is used at once, but only where the last connection was a good one: a server
      // that refuses every token is not hammered.
      const bool at_once = next != Next::kRetry && proved_;
      const auto wait = at_once ? ending.retry_after : backoff_.next(ending.retry_after);
      constexpr int kWithoutClose = 1006;
      const bool unreachable =
          !proved_ && ending.http_status == 0 && ending.close_code == kWithoutClose;
      tell({Kind::kDisconnected, ending.reason, wait, unreachable});
      co_await pause(wait);
    }
  }

  /// Whether to come back at all.
  bool may_return(const Ending& ending, Next next) {
    const bool can_renew = options_.token != nullptr;
    if (next == Next::kRenew) return can_renew || ending.close_code != protocol::kCloseTokenExpired;
    if (next != Next::kGiveUp) return true;
    return error_of(ending).code == ErrorCode::kUnauthorized && take_fresh_token();
  }

  /// true: there is another one than before. A file that is being written again may be empty.
  bool take_fresh_token() {
    if (!options_.token) return false;
    std::string fresh = options_.token();
    if (fresh.empty() || fresh == connection_.token) return false;
    connection_.token = std::move(fresh);
    return true;
  }

  asio::awaitable<Ending> connect_once() {
    take_fresh_token();
    proved_ = false;
    expiring_ = false;
    refused_.reset();
    link_ = make_link(
        io_,
        tls_ ? &*tls_ : nullptr,
        connection_,
        {[this] { on_open(); },
         [this](std::string_view text) { return take(text); },
         [this] { on_heartbeat(); },
         options_.heartbeat}
    );
    Ending ending = co_await link_->live();
    link_.reset();
    if (refused_) {
      ending.stopped = false;
      ending.reason = refused_->message;
      ending.retry_after = std::chrono::milliseconds(refused_->retry_after_ms.value_or(0));
      ending.refused = std::move(refused_);
    }
    co_return ending;
  }

  asio::awaitable<void> pause(std::chrono::milliseconds wait) {
    pause_.expires_after(wait);
    boost::system::error_code ec;
    if (!stopping_) co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }

  void on_open() {
    link_->say(kHello);
    std::string request;
    {
      base::MutexLock lock(mutex_);
      request = resume_.subscribe_request();
    }
    link_->say(std::move(request));
  }

  void on_heartbeat() {
    link_->say(ResumePoint::ping_request());
    renew_in_place();
  }

  /// One message; false ends the connection.
  bool take(std::string_view text) {
    const auto json = base::parse_json(text, kJsonLimits);
    if (!json) {
      // It may have been an event: going on would leave it out without a word.
      refused_ = {
          ErrorCode::kCorrupt,
          fmt::format("the server sent what is no JSON: {}", json.error().message),
          {},
          {}};
      return false;
    }
    StreamMessage message{text, &*json, {}};
    if (const auto* type = json->find("type"); type && type->as_string())
      message.type = *type->as_string();
    const Take taken = (*on_message_)(message);
    if (taken == Take::kRefuse) return false;
    ResumePoint::News news;
    {
      base::MutexLock lock(mutex_);
      news = resume_.take(message.type, *json);
    }
    if (message.type == "auth_expiring") {
      expiring_ = true;
      renew_in_place();
    } else if (message.type == "authenticated") {
      expiring_ = false;
    }
    return follow(std::move(news)) && taken == Take::kMore;
  }

  bool follow(ResumePoint::News news) {
    if (news.subscribed) {
      proved_ = true;
      backoff_.reset();
      tell({Kind::kConnected, {}, {}});
    }
    if (news.gap_after) tell({Kind::kGap, *news.gap_after, {}});
    if (news.narrowed) tell({Kind::kNarrowed, *news.narrowed, {}});
    if (news.ask_state) link_->say(ResumePoint::sync_request());
    if (news.ask_position) link_->say(ResumePoint::ping_request());
    refused_ = std::move(news.refused);
    return !refused_;
  }

  /// A session whose token runs out goes on under the next one, if there is one by now.
  void renew_in_place() {
    if (expiring_ && take_fresh_token()) link_->say(auth_request(connection_.token));
  }

  void tell(const StreamStatus& status) const { (*on_status_)(status); }

  Connection connection_;
  const StreamOptions options_;
  Backoff backoff_;
  asio::io_context io_{1};
  asio::steady_timer pause_{io_};
  std::optional<asio::ssl::context> tls_;
  const OnMessage* on_message_ = nullptr;
  const OnStatus* on_status_ = nullptr;
  std::shared_ptr<Link> link_;  // of this moment
  std::optional<base::Error> refused_;
  bool proved_ = false;    // this connection has been subscribed
  bool expiring_ = false;  // its token
  std::atomic<bool> stopping_{false};
  mutable base::Mutex mutex_;
  ResumePoint resume_ MLG_GUARDED_BY(mutex_);
};

EventStream::EventStream(Connection connection, StreamOptions options)
    : impl_(std::make_unique<Impl>(std::move(connection), std::move(options))) {}
EventStream::~EventStream() = default;

Result<void> EventStream::run(const OnMessage& on_message, const OnStatus& on_status) {
  return impl_->run(on_message, on_status);
}
void EventStream::stop() { impl_->stop(); }
std::string EventStream::position() const { return impl_->position(); }

}  // namespace mlgraph::client
