#include "gateway/net/http_connection.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include <boost/beast/http/error.hpp>

#include "gateway/net/request_head.h"
#include "protocol/error_table.h"

namespace mlgraph::gateway {

namespace http = boost::beast::http;
using base::Error;
using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kTurnBytes = 64 * 1024;
constexpr std::size_t kDiscardMax =
    64 * 1024;  // of a body nobody wants, before the connection is closed instead
constexpr std::size_t kLingerMax = std::size_t{4} << 20;
constexpr auto kLingerTime = std::chrono::seconds(2);

/// "GET /…", or a beginning of it.
bool begins_like_a_request(std::string_view line) {
  constexpr std::size_t kMethodMax = 16;
  const auto method = line.substr(0, line.find(' '));
  if (method.size() > kMethodMax || (method.size() == line.size() && line.ends_with('\r')))
    return false;
  return std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string_view reason_of(int status) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return {reason.data(), reason.size()};
}

}  // namespace

void start_http(ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport) {
  auto connection = std::make_shared<HttpConnection>(shared, loop, std::move(transport));
  loop.add(connection);
  connection->start();
}

HttpConnection::HttpConnection(
    ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport
)
    : shared_(shared), loop_(loop), transport_(std::move(transport)) {}

HttpConnection::~HttpConnection() { release_body(); }

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
  for (std::size_t turn = 0; turn < kTurnBytes;) {
    const auto got = transport_->read(buffer);
    if (got.closed) return lost();
    if (got.bytes == 0) break;
    turn += got.bytes;
    if (state_ == State::kLingering) {
      lingered_ += got.bytes;
      if (lingered_ > kLingerMax) return finish();
      continue;
    }
    in_.append(buffer.data(), got.bytes);
    process();
    if (!transport_ || state_ == State::kDone) return;
    if (state_ == State::kHandling || state_ == State::kWriting ||
        (state_ == State::kStream && !pipe_->has_room()))
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
    // What does not begin like a request is refused as soon as it shows, not when its time is up.
    const auto first_line = std::string_view(in_).substr(0, in_.find('\n'));
    if (!begins_like_a_request(first_line)) {
      refuse({ErrorCode::kBadRequest, "this is no HTTP request", {}, {}}, true);
      return false;
    }
    // A head of bare line feeds would never end: it is refused as soon as it shows.
    if (in_.find("\n\n") != std::string::npos) {
      refuse({ErrorCode::kBadRequest, "header lines end in CR LF", {}, {}}, true);
      return false;
    }
    if (in_.size() > shared_.options.header_bytes_max)
      refuse(
          {ErrorCode::kHeadersTooLarge,
           fmt::format("the head has more than {} bytes", shared_.options.header_bytes_max),
           {},
           {}},
          true
      );
    return false;
  }
  const std::string_view head(in_.data(), end + 4);
  if (head.size() > shared_.options.header_bytes_max) {
    refuse(
        {ErrorCode::kHeadersTooLarge,
         fmt::format(
             "the head has {} bytes, the limit is {}", head.size(), shared_.options.header_bytes_max
         ),
         {},
         {}},
        true
    );
    return false;
  }
  auto parsed = check_request_head(head, shared_.options.headers_max);
  if (parsed) parsed = parse_head(head);
  if (!parsed) {
    refuse(parsed.error(), true);
    return false;
  }
  in_.erase(0, end + 4);
  shared_.metrics.http_requests.fetch_add(1, std::memory_order_relaxed);
  return true;
}

Result<void> HttpConnection::parse_head(std::string_view head) {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_.options.header_bytes_max) + 1);
  parser_->body_limit(boost::none);
  boost::system::error_code ec;
  parser_->put(boost::asio::buffer(head.data(), head.size()), ec);
  if (ec && ec != http::error::need_buffer)
    return fail(ErrorCode::kBadRequest, "the head does not parse: {}", ec.message());
  const auto& message = parser_->get();
  ++generation_;
  request_ = std::make_shared<HttpRequest>();
  request_->method = std::string(message.method_string());
  const std::string target(message.target());
  const auto question = target.find('?');
  request_->path = target.substr(0, question);
  request_->remote = transport_->remote();
  if (question != std::string::npos) {
    std::string_view rest = std::string_view(target).substr(question + 1);
    while (!rest.empty()) {
      const auto pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      const auto equals = std::min(pair.find('='), pair.size());
      request_->query[percent_decode(pair.substr(0, equals), true)] =
          percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    }
  }
  headers_.clear();
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    auto& value = headers_[name];
    value += (value.empty() ? "" : ",") + std::string(field.value());
  }
  const auto type = headers_.find("content-type");
  if (type != headers_.end()) {
    request_->content_type = type->second.substr(0, type->second.find(';'));
    for (char& c : request_->content_type)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    while (request_->content_type.ends_with(' ')) request_->content_type.pop_back();
  }
  if (const auto id = headers_.find("last-event-id"); id != headers_.end())
    request_->last_event_id = id->second;
  close_after_ = !message.keep_alive() || shared_.draining;
  continue_sent_ = false;
  body_received_ = 0;
  return {};
}

void HttpConnection::route() {
  const Credentials credentials = read_credentials(headers_, request_->query);
  if (try_upgrade(credentials)) return;
  extra_headers_.clear();
  const auto origin = headers_.find("origin");
  const bool tls = shared_.tls.load() != nullptr;
  const std::string host = headers_.contains("host") ? headers_["host"] : "";
  if (shared_.hooks.allow_host && !shared_.hooks.allow_host(host))
    return refuse({ErrorCode::kForbidden, "this Host is not served", {}, {}}, true);
  if (origin != headers_.end() && shared_.hooks.allow_origin) {
    if (!shared_.hooks.allow_origin(origin->second, host, tls))
      return refuse({ErrorCode::kForbidden, "this Origin may not connect", {}, {}}, true);
    extra_headers_.emplace_back("Access-Control-Allow-Origin", origin->second);
    extra_headers_.emplace_back("Vary", "Origin");
    if (request_->method == "OPTIONS") {
      extra_headers_.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
      extra_headers_.emplace_back(
          "Access-Control-Allow-Headers", "authorization, x-api-key, content-type, last-event-id"
      );
      extra_headers_.emplace_back("Access-Control-Max-Age", "600");
      return respond({204, "", "", {}, ""});
    }
  }
  Admission admission = shared_.hooks.admit(*request_, credentials);
  for (auto& header : admission.headers) extra_headers_.push_back(std::move(header));
  if (admission.refusal) {
    const auto length = parser_->content_length();
    const bool empty = !parser_->chunked() && (!length || *length == 0);
    const bool small =
        !parser_->chunked() && length && *length <= kDiscardMax && in_.size() >= *length;
    if (small) in_.erase(0, *length);
    close_after_ = close_after_ || !(empty || small);
    return respond(std::move(*admission.refusal));
  }
  if (headers_.contains("content-encoding") && headers_["content-encoding"] != "identity")
    return refuse(
        {ErrorCode::kBadRequest, "bodies are taken without Content-Encoding only", {}, {}}, true
    );
  begin_body(*admission.route);
}

bool HttpConnection::try_upgrade(const Credentials& credentials) {
  const auto& paths = shared_.hooks.websocket_paths;
  if (std::find(paths.begin(), paths.end(), request_->path) == paths.end()) return false;
  auto answer = answer_upgrade(
      request_->method,
      headers_,
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
  UpgradeInfo info{request_->path, std::move(answer->token), request_->remote, {}, answer->deflate};
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
  if (route.access == Access::kEvents && route.pattern.ends_with("/events")) {
    if (auto started = start_sse(shared_, loop_, transport_, *request_, extra_headers_); !started)
      return refuse(started.error(), false);
    return finish();
  }
  const auto length = parser_->content_length();
  if (!route.streams_body && length && *length > route.body_max)
    return refuse(
        {ErrorCode::kTooLarge,
         fmt::format("the body has {} bytes, the limit is {}", *length, route.body_max),
         {},
         {}},
        true
    );
  if (!route.streams_body && length && *length > shared_.options.inline_body_max) {
    reserved_ = *length;
    if (shared_.body_bytes.fetch_add(reserved_) + reserved_ > shared_.options.body_budget)
      return refuse(
          {ErrorCode::kOverloaded,
           fmt::format("request bodies fill their {} bytes", shared_.options.body_budget),
           {},
           1'000},
          true
      );
    request_->body.reserve(*length);
  }
  set_deadline(shared_.options.body_idle_time);
  const auto expect = headers_.find("expect");
  if (expect != headers_.end() && !continue_sent_) {
    continue_sent_ = true;
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    const iovec piece{out_.data(), out_.size()};
    static_cast<void>(transport_->write({&piece, 1}));  // 25 bytes into an empty buffer
    out_.clear();
  }
  parser_->eager(true);
  if (route.streams_body) {
    state_ = State::kStream;
    auto self = shared_from_this();
    pipe_ = std::make_shared<BodyPipe>(
        parser_->chunked() ? std::nullopt : std::optional<std::uint64_t>(length.value_or(0)),
        [self, &loop = loop_] { loop.post([self] { self->wait_readable(); }); }
    );
    request_->stream = pipe_;
    route.handle(request_, make_reply());
  } else {
    state_ = State::kBody;
  }
}

/// Decodes what has come; true once the body is whole. `take` answers whether to go on.
Result<bool> HttpConnection::decode(const std::function<Result<bool>(std::string_view)>& take) {
  const auto buffer = std::make_unique<std::array<char, 16 * 1024>>();
  while (!parser_->is_done()) {
    auto& body = parser_->get().body();
    body.data = buffer->data();
    body.size = buffer->size();
    body.more = true;
    boost::system::error_code ec;
    const std::size_t used = parser_->put(boost::asio::buffer(in_), ec);
    in_.erase(0, used);
    const std::size_t decoded = buffer->size() - body.size;
    if (ec && ec != http::error::need_more && ec != http::error::need_buffer)
      return fail(ErrorCode::kBadRequest, "the body does not parse: {}", ec.message());
    body_received_ += decoded;
    MLG_TRY(go_on, take({buffer->data(), decoded}));
    if (!go_on || (used == 0 && decoded == 0 && !parser_->is_done())) break;
  }
  return parser_->is_done();
}

void HttpConnection::read_body() {
  set_deadline(shared_.options.body_idle_time);
  const bool streaming = state_ == State::kStream;
  auto done = decode([&](std::string_view bytes) -> Result<bool> {
    if (streaming) {
      static_cast<void>(pipe_->push(bytes));  // at most what one read brought goes over the bound
      return true;
    }
    if (request_->body.size() + bytes.size() > route_->body_max)
      return fail(ErrorCode::kTooLarge, "the body has more than {} bytes", route_->body_max);
    request_->body.append(bytes);
    if (request_->body.size() > shared_.options.inline_body_max &&
        request_->body.size() > reserved_) {
      const std::size_t more = std::max(request_->body.size(), 2 * reserved_) - reserved_;
      reserved_ += more;
      if (shared_.body_bytes.fetch_add(more) + more > shared_.options.body_budget)
        return fail(
            ErrorCode::kOverloaded,
            "request bodies fill their {} bytes",
            shared_.options.body_budget
        );
    }
    return true;
  });
  if (!done) {
    if (streaming) {
      pipe_->fail(done.error());  // its reader ends the job and answers
      close_after_ = true;
      state_ = State::kHandling;
      return;
    }
    return refuse(done.error(), true);
  }
  if (!*done) return;
  if (streaming) {
    state_ = State::kHandling;
    pipe_->finish();
    return;
  }
  dispatch();
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
  if (!route_->on_compute_pool) return route_->handle(request_, make_reply());
  auto work = [route = route_, request = request_, reply = make_reply()] {
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
  if (state_ == State::kStream || (state_ == State::kBody && parser_ && !parser_->is_done()))
    close_after_ = true;
  if (pipe_) pipe_->fail({ErrorCode::kInterrupted, "the request was answered", {}, {}});
  send(std::move(response));
}

void HttpConnection::send(HttpResponse response) {
  state_ = State::kWriting;
  set_deadline(shared_.options.body_idle_time);
  const bool head_only = request_ && request_->method == "HEAD";
  std::uint64_t length = response.body.size();
  if (!response.file_path.empty()) {
    file_ =
        std::shared_ptr<std::FILE>(std::fopen(response.file_path.c_str(), "rbe"), [](std::FILE* f) {
          if (f) std::fclose(f);
        });
    if (file_ && std::fseek(file_.get(), 0, SEEK_END) == 0)
      length = static_cast<std::uint64_t>(std::ftell(file_.get()));
    if (file_) std::rewind(file_.get());
  }
  out_ = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  if (!response.content_type.empty()) out_ += "Content-Type: " + response.content_type + "\r\n";
  if (response.status != 204) out_ += "Content-Length: " + std::to_string(length) + "\r\n";
  out_ += "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";
  for (const auto* headers : {&extra_headers_, &response.headers})
    for (const auto& [name, value] : *headers) {
      if (name.find_first_of("\r\n") != std::string::npos ||
          value.find_first_of("\r\n") != std::string::npos)
        continue;
      out_.append(name).append(": ").append(value).append("\r\n");
    }
  out_ += close_after_ ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  if (!head_only) out_ += response.body;
  if (head_only) file_.reset();
  out_sent_ = 0;
  write_some();
}

void HttpConnection::write_some() {
  while (transport_ && state_ == State::kWriting) {
    if (out_sent_ == out_.size() && file_) {
      // One piece at a time: a slow reader holds no more than this in memory.
      out_.resize(kTurnBytes);
      out_.resize(std::fread(out_.data(), 1, out_.size(), file_.get()));
      out_sent_ = 0;
      if (out_.empty()) file_.reset();
    }
    if (out_sent_ == out_.size()) return after_response();
    const iovec piece{out_.data() + out_sent_, out_.size() - out_sent_};
    const auto put = transport_->write({&piece, 1});
    if (put.closed) return finish();
    out_sent_ += put.bytes;
    if (put.bytes > 0) {
      set_deadline(shared_.options.body_idle_time);
      continue;
    }
    auto self = shared_from_this();
    transport_->wait_writable([self] { self->write_some(); });
    return;
  }
}

void HttpConnection::after_response() {
  release_body();
  pipe_.reset();
  request_.reset();
  route_ = nullptr;
  extra_headers_.clear();
  out_.clear();
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
  if (pipe_) {
    const auto length = parser_ ? parser_->content_length() : boost::none;
    pipe_->fail(
        {ErrorCode::kBadRequest,
         length ? fmt::format("the body ended after {} of {} bytes", body_received_, *length)
                : fmt::format("the body was cut after {} bytes", body_received_),
         {},
         {}}
    );
    // Half-closed peers still read: the job's end is answered if it comes.
    if (state_ == State::kStream) {
      state_ = State::kHandling;
      close_after_ = true;
      return;
    }
  }
  finish();
}

void HttpConnection::on_tick(base::SteadyTime now, bool woke_late) {
  if (woke_late) {
    deadline_ +=
        std::chrono::seconds(5);  // what waits in the sockets is read before anybody is judged
    return;
  }
  if (state_ == State::kHandling || now < deadline_) return;
  if (state_ == State::kStream && !pipe_->has_room()) return;  // it is we who do not read
  switch (state_) {
    case State::kHead:
      if (in_.empty()) return finish();
      return refuse({ErrorCode::kTimeout, "the head did not come in time", {}, {}}, true);
    case State::kBody:
      return refuse({ErrorCode::kTimeout, "the body did not come in time", {}, {}}, true);
    case State::kStream:
      pipe_->fail(
          {ErrorCode::kTimeout,
           fmt::format("no byte of the body for {} s", shared_.options.body_idle_time.count()),
           {},
           {}}
      );
      state_ = State::kHandling;
      close_after_ = true;
      return;
    default:
      finish();
  }
}

void HttpConnection::on_drain(std::string_view) {
  close_after_ = true;
  if (state_ == State::kHead && in_.empty()) finish();
}

void HttpConnection::release_body() {
  if (reserved_ > 0) shared_.body_bytes.fetch_sub(reserved_);
  reserved_ = 0;
}

void HttpConnection::finish() {
  if (state_ == State::kDone) return;
  state_ = State::kDone;
  ++generation_;
  if (pipe_) pipe_->fail({ErrorCode::kBadRequest, "the connection was closed", {}, {}});
  release_body();
  if (transport_) transport_->close(false);
  transport_.reset();
  loop_.remove(this);
}

}  // namespace mlgraph::gateway
