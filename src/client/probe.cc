#include "client/probe.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "client/link.h"
#include "client/server_error.h"
#include "client/tls.h"

namespace mlgraph::client {
namespace {

namespace asio = boost::asio;
using base::ErrorCode;
using base::Result;

constexpr int kPings = 5;

class Prober {
 public:
  Prober(const Connection& to, std::chrono::milliseconds patience) : to_(to), patience_(patience) {}

  Result<Probe> run() {
    std::optional<asio::ssl::context> tls;
    try {
      if (to_.server.tls) tls.emplace(make_tls_context(to_));
    } catch (const boost::system::system_error& error) {
      return base::fail(ErrorCode::kInvalidValue, "{}: {}", to_.ca_file, error.what());
    }
    asio::io_context io{1};
    link_ = make_link(
        io,
        tls ? &*tls : nullptr,
        to_,
        {[this] { on_open(); }, [this](std::string_view text) { return take(text); }, [] {}}
    );
    asio::steady_timer deadline(io, patience_);
    deadline.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      late_ = true;
      link_->end();
    });
    Ending ending;
    asio::co_spawn(io, link_->live(), [&](const std::exception_ptr& error, Ending how) {
      deadline.cancel();
      if (error) std::rethrow_exception(error);
      ending = std::move(how);
    });
    io.run();
    link_.reset();  // before the context that it lives on
    if (refused_) return tl::unexpected(*refused_);
    if (pings_ == kPings) return std::move(found_);
    if (late_)
      return base::fail(
          ErrorCode::kTimeout,
          "no answer over WebSocket within {} s",
          std::chrono::duration<double>(patience_).count()
      );
    const bool told =
        ending.http_status != 0 || ending.close_code >= 4000 || ending.untrusted.has_value();
    if (told) return tl::unexpected(error_of(ending));
    return base::fail(ErrorCode::kInternal, "no WebSocket connection: {}", ending.reason);
  }

 private:
  void on_open() {
    link_->say(R"({"type":"hello","client":"mlgraph"})");
    std::string auth;
    base::JsonWriter out(auth);
    out.object([&] {
      out.member("type", "auth");
      out.member("token", to_.token);
      out.member("ref", "auth");
    });
    link_->say(std::move(auth));
  }

  void ping() {
    asked_ = std::chrono::steady_clock::now();
    link_->say(R"({"type":"ping","ref":"ping"})");
  }

  bool take(std::string_view text) {
    auto json = base::parse_json(text);
    if (!json) {
      refused_ = json.error();
      return false;
    }
    const auto* type = json->find("type");
    const std::string name = type && type->as_string() ? *type->as_string() : "";
    const auto* data = json->find("data");
    if (name == "welcome" && data) {
      found_.welcome = *data;
    } else if (name == "authenticated" && data) {
      found_.authenticated = *data;
      ping();
    } else if (name == "pong") {
      return on_pong(*json);
    } else if (name == "error" && data) {
      refused_ = error_in(*data);
      return false;
    }
    return true;
  }

  bool on_pong(const base::Json& pong) {
    const auto now = std::chrono::steady_clock::now();
    const auto trip = std::chrono::duration_cast<std::chrono::microseconds>(now - asked_);
    const auto* told = pong.find("timestamp");
    const auto theirs =
        told && told->as_string() ? base::parse_timestamp(*told->as_string()) : std::nullopt;
    if (theirs && (pings_ == 0 || trip < found_.round_trip)) {
      found_.round_trip = trip;
      const auto ours = base::SystemClock().wall_now().ms - trip.count() / 2'000;
      found_.clock_difference = std::chrono::milliseconds(theirs->ms - ours);
    }
    if (++pings_ == kPings) return false;
    ping();
    return true;
  }

  const Connection& to_;
  const std::chrono::milliseconds patience_;
  std::shared_ptr<Link> link_;
  std::chrono::steady_clock::time_point asked_;
  Probe found_;
  int pings_ = 0;
  bool late_ = false;
  std::optional<base::Error> refused_;
};

}  // namespace

Result<Probe> probe(const Connection& to, std::chrono::milliseconds patience) {
  return Prober(to, patience).run();
}

}  // namespace mlgraph::client
