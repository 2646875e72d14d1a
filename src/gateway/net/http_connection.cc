#include "gateway/net/http_connection.h"

#include <algorithm>

#include "gateway/net/request_head.h"
#include "protocol/error_table.h"

namespace mlgraph::gateway {

using base::Error;
using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kHttpTurnBytes = 64 * 1024;
constexpr std::size_t kDiscardMax =
    64 * 1024;  // of a body nobody wants, before the connection is closed instead
constexpr std::size_t kLingerMax = std::size_t{4} << 20;
constexpr auto kLingerTime = std::chrono::seconds(2);
constexpr auto kWokeLateGrace = std::chrono::seconds(5);

}  // namespace

void start_http(ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport) {
  auto connection = std::make_shared<HttpConnection>(shared, loop, std::move(transport));
  loop.add(connection);
  connection->start();
}

HttpConnection::HttpConnection(
    ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport
)
    : shared_(shared),
      loop_(loop),
      transport_(std::move(transport)),
      remote_(transport_->remote()) {}

void HttpConnection::start() {
  set_deadline(shared_.options.header_time);
  wait_readable();
}

void HttpConnection::wait_readable() {
  if (reading_ || !transport_ || state_ == State::kDone) return;
  reading_ = true;
  auto self = shared_from_this();
  const auto ready = [self] {
    self->reading_ = false;
    self->on_readable();
  };
  if (transport_->has_pending())
    loop_.post(ready);
  else
    transport_->wait_readable(ready);
}

void HttpConnection::on_readable() {
  if (state_ == State::kDone || !transport_) return;
  // While a request is handled the next one stays in the kernel: nothing is read ahead of its turn.
  if (state_ == State::kHandling || state_ == State::kWriting) return;
  const auto buffer = loop_.read_buffer();
  for (std::size_t turn = 0; turn < kHttpTurnBytes;) {
    const auto got = transport_->read(buffer);
    if (got.closed) return lost();
    if (got.bytes == 0) break;
    turn += got.bytes;
    if (state_ == State::kLingering) {
      lingered_ += got.bytes;
      if (lingered_ > kLingerMax) return finish();
      continue;
    }
    // Between requests a connection may be silent for long, within a head not.
    if (state_ == State::kHead && in_.empty())
      deadline_ = std::min(deadline_, loop_.clock().steady_now() + shared_.options.header_time);
    in_.append(buffer.data(), got.bytes);
    process();
    if (!transport_ || state_ == State::kDone) return;
    if (state_ == State::kHandling || state_ == State::kWriting || (body_ && !body_->has_room()))
      return;
  }
  wait_readable();
}

void HttpConnection::process() {
  if (state_ == State::kHead && !in_.empty()) {
    if (!read_head()) return;
    route();
  }
  if (state_ == State::kBody || state_ == State::kStream) read_body();
}

/// Whether a whole, sound head has been taken from in_.
bool HttpConnection::read_head() {
  const auto end = in_.find("\r\n\r\n");
  if (end == std::string::npos) {
    const auto sound = check_beginning(in_, shared_.options.header_bytes_max);
    if (!sound) refuse(sound.error(), true);
    return false;
  }
  const HeadLimits limits{shared_.options.header_bytes_max, shared_.options.headers_max};
  auto parsed = parse_head(std::string_view(in_).substr(0, end + 4), limits);
  if (!parsed) {
    refuse(parsed.error(), true);
    return false;
  }
  in_.erase(0, end + 4);
  begin_request(std::move(*parsed));
  return true;
}

void HttpConnection::begin_request(ParsedHead head) {
  shared_.metrics.http_requests.fetch_add(1, std::memory_order_relaxed);
  ++generation_;
  head_ = std::move(head);
  head_.request->remote = remote_;
  close_after_ = !head_.keep_alive || shared_.draining;
}

void HttpConnection::route() {
  const Credentials credentials = read_credentials(head_.headers, head_.request->query);
  if (try_upgrade(credentials)) return;
  extra_headers_.clear();
  if (!check_origin()) return;
  Admission admission = shared_.hooks.admit(*head_.request, credentials);
  for (auto& header : admission.headers) extra_headers_.push_back(std::move(header));
  if (admission.refusal) {
    // A small body that is here already is passed over, so that the connection can go on.
    const auto length = head_.content_length.value_or(0);
    const bool passed = !head_.chunked && length <= std::min(kDiscardMax, in_.size());
    if (passed) in_.erase(0, length);
    close_after_ = close_after_ || !passed;
    return respond(std::move(*admission.refusal));
  }
  // A gathered body is bounded as it comes; one that streams is inflated by whoever reads it.
  const auto& coding = head_.request->content_encoding;
  if (!admission.route->streams_body && !coding.empty() && coding != "identity")
    return refuse(
        {ErrorCode::kBadRequest, "bodies are taken without Content-Encoding only", {}, {}}, true
    );
  begin_body(*admission.route);
}

/// Host and Origin; false when that has been answered, as a preflight is.
bool HttpConnection::check_origin() {
  const auto host = head_.header("host");
  if (shared_.hooks.allow_host && !shared_.hooks.allow_host(host)) {
    refuse({ErrorCode::kForbidden, "this Host is not served", {}, {}}, true);
    return false;
  }
  const auto origin = head_.headers.find("origin");
  if (origin == head_.headers.end() || !shared_.hooks.allow_origin) return true;
  if (!shared_.hooks.allow_origin(origin->second, host, shared_.tls.load() != nullptr)) {
    refuse({ErrorCode::kForbidden, "this Origin may not connect", {}, {}}, true);
    return false;
  }
  extra_headers_.emplace_back("Access-Control-Allow-Origin", origin->second);
  extra_headers_.emplace_back("Vary", "Origin");
  if (head_.request->method != "OPTIONS") return true;
  extra_headers_.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
  extra_headers_.emplace_back(
      "Access-Control-Allow-Headers", "authorization, x-api-key, content-type, last-event-id"
  );
  extra_headers_.emplace_back("Access-Control-Max-Age", "600");
  respond({204, "", "", {}, ""});
  return false;
}

bool HttpConnection::try_upgrade(const Credentials& credentials) {
  const auto& paths = shared_.hooks.websocket_paths;
  if (std::find(paths.begin(), paths.end(), head_.request->path) == paths.end()) return false;
  if (!head_.http_1_1) {
    // RFC 6455 §4.1, and HTTP/1.0 knows no Upgrade.
    auto refusal = error_response({ErrorCode::kBadRequest, "a WebSocket needs HTTP/1.1", {}, {}});
    refusal.status = 426;
    refusal.headers.emplace_back("Upgrade", "websocket");
    close_after_ = true;
    respond(std::move(refusal));
    return true;
  }
  auto answer = answer_upgrade(
      head_.request->method,
      head_.headers,
      credentials,
      shared_.hooks,
      {shared_.tls.load() != nullptr, shared_.options.websocket.deflate}
  );
  if (answer && shared_.draining)
    answer = tl::unexpected(
        error_response({ErrorCode::kShuttingDown, "the server is stopping", {}, 1'000})
    );
  if (!answer) {
    close_after_ = true;
    respond(std::move(answer.error()));
    return true;
  }
  UpgradeInfo info{
      head_.request->path, std::move(answer->token), head_.request->remote, {}, answer->deflate};
  auto transport = std::move(transport_);
  std::string leftover = std::move(in_);
  finish();
  start_websocket(
      shared_,
      loop_,
      std::move(transport),
      std::move(info),
      std::move(answer->response_head),
      std::move(leftover)
  );
  return true;
}

void HttpConnection::begin_body(const Route& route) {
  route_ = &route;
  auto& request = *head_.request;
  if (route.access == Access::kEvents && route.pattern.ends_with("/events")) {
    if (auto started = start_sse(shared_, loop_, transport_, request, extra_headers_); !started)
      return refuse(started.error(), false);
    if (request.method == "HEAD") {
      HttpResponse response;
      response.content_type = kEventStream;
      response.endless = true;
      return respond(std::move(response));
    }
    return finish();
  }
  const std::uint64_t length = head_.content_length.value_or(0);
  if (!route.streams_body && length > route.body_max)
    return refuse(
        {ErrorCode::kTooLarge,
         fmt::format("the body has {} bytes, the limit is {}", length, route.body_max),
         {},
         {}},
        true
    );
  continue_if_asked();
  const auto on_room = [self = shared_from_this(), &loop = loop_] {
    loop.post([self] {
      if (self->body_) self->body_->on_room(self->loop_.clock().steady_now());
      self->wait_readable();
    });
  };
  body_ = std::make_unique<RequestBody>(head_, route, shared_, on_room);
  state_ = route.streams_body ? State::kStream : State::kBody;
  if (route.streams_body) route.handle(head_.request, make_reply());
}

void HttpConnection::continue_if_asked() {
  if (!head_.headers.contains("expect")) return;
  std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const iovec piece{const_cast<char*>(go_on.data()), go_on.size()};
  static_cast<void>(transport_->write({&piece, 1}));  // 25 bytes into an empty buffer
}

void HttpConnection::read_body() {
  const auto used = body_->take(in_, loop_.clock().steady_now());
  if (!used) return fail_body(used.error());
  in_.erase(0, *used);
  if (!body_->whole()) return;
  if (!body_->streams()) return dispatch();
  state_ = State::kHandling;
}

/// No more of the body is read. Whoever streams it is told, ends what it began, and answers.
void HttpConnection::fail_body(const Error& error) {
  if (!body_->streams()) return refuse(error, true);
  body_->fail(error);
  close_after_ = true;
  state_ = State::kHandling;
}

Reply HttpConnection::make_reply() {
  auto self = shared_from_this();
  return [self, generation = generation_, &loop = loop_](HttpResponse response) {
    loop.post([self, generation, response = std::move(response)]() mutable {
      if (self->generation_ == generation) self->respond(std::move(response));
    });
  };
}

void HttpConnection::dispatch() {
  state_ = State::kHandling;
  if (!route_->on_compute_pool) return route_->handle(head_.request, make_reply());
  auto work = [route = route_, request = head_.request, reply = make_reply()] {
    route->handle(request, reply);
  };
  if (!shared_.compute.try_post(std::move(work)))
    refuse({ErrorCode::kOverloaded, "too many requests are waiting", {}, 1'000}, false);
}

void HttpConnection::refuse(const Error& error, bool close) {
  close_after_ = close_after_ || close;
  shared_.metrics.count_error(std::string(protocol::row_of(error.code).name));
  respond(error_response(error));
}

void HttpConnection::respond(HttpResponse response) {
  if (state_ == State::kDone || state_ == State::kWriting || !transport_) return;
  // An answer before the body is over ends the connection: what follows is nobody's request.
  if (body_ && !body_->whole()) close_after_ = true;
  if (body_) {
    // The job of a body that never came to its end says why; what the request was is ours to say.
    if (response.status == 400 && body_->timed_out()) response.status = 408;
    body_->fail({ErrorCode::kInterrupted, "the request was answered", {}, {}});
  }
  state_ = State::kWriting;
  set_deadline(shared_.options.body_idle_time);
  const bool head_only = head_.request && head_.request->method == "HEAD";
  out_.begin(response, extra_headers_, {.head_only = head_only, .close = close_after_});
  write_some();
}

void HttpConnection::write_some() {
  while (transport_ && state_ == State::kWriting) {
    switch (out_.write(*transport_)) {
      case ResponseWriter::Step::kWritten:
        set_deadline(shared_.options.body_idle_time);
        break;
      case ResponseWriter::Step::kBlocked:
        return transport_->wait_writable([self = shared_from_this()] { self->write_some(); });
      case ResponseWriter::Step::kClosed:
        return finish();
      case ResponseWriter::Step::kDone:
        return after_response();
    }
  }
}

void HttpConnection::after_response() {
  body_.reset();
  head_ = {};
  route_ = nullptr;
  extra_headers_.clear();
  if (close_after_ || shared_.draining) return linger();
  state_ = State::kHead;
  set_deadline(shared_.options.keep_alive_time);
  if (!in_.empty()) {
    // A pipelined request: in a step of its own, so that a long row of them does not deepen the
    // stack.
    auto self = shared_from_this();
    loop_.post([self] {
      if (self->state_ != State::kHead) return;
      self->process();
      if (self->state_ == State::kHead || self->state_ == State::kBody ||
          self->state_ == State::kStream)
        self->wait_readable();
    });
    return;
  }
  wait_readable();
}

// Closing with unread bytes would reset the connection and could take the answer with it: first the
// peer's end is awaited.
void HttpConnection::linger() {
  state_ = State::kLingering;
  transport_->shutdown_write();
  deadline_ = loop_.clock().steady_now() + kLingerTime;
  in_.clear();
  wait_readable();
}

void HttpConnection::lost() {
  // Half-closed peers still read: what cannot become a request any more is answered.
  if (state_ == State::kBody || state_ == State::kStream) return fail_body(body_->cut_short());
  if (state_ == State::kHead && !in_.empty())
    return refuse({ErrorCode::kBadRequest, "the head ended before its empty line", {}, {}}, true);
  finish();
}

void HttpConnection::on_tick(base::SteadyTime now, bool woke_late) {
  if (woke_late) {
    // What waits in the sockets is read before anybody is judged.
    deadline_ += kWokeLateGrace;
    if (body_) body_->excuse(kWokeLateGrace);
    return;
  }
  switch (state_) {
    case State::kHandling:
      return;
    case State::kBody:
    case State::kStream:
      if (const auto in_time = body_->judge(now); !in_time) fail_body(in_time.error());
      return;
    case State::kHead:
      if (now < deadline_) return;
      if (in_.empty()) return finish();
      return refuse({ErrorCode::kTimeout, "the head did not come in time", {}, {}}, true);
    default:
      if (now >= deadline_) finish();
  }
}

void HttpConnection::on_drain(std::string_view) {
  close_after_ = true;
  if (state_ == State::kHead && in_.empty()) finish();
}

void HttpConnection::finish() {
  if (state_ == State::kDone) return;
  state_ = State::kDone;
  ++generation_;
  if (body_) body_->fail({ErrorCode::kBadRequest, "the connection was closed", {}, {}});
  body_.reset();
  head_ = {};  // its stream wakes this connection, and so would keep it
  if (transport_) transport_->close(false);
  transport_.reset();
  loop_.remove(this);
}

}  // namespace mlgraph::gateway
