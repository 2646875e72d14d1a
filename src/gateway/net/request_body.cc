#include "gateway/net/request_body.h"

#include <limits>

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

namespace {

constexpr std::uint64_t kStreamMax = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> declared(const ParsedHead& head) {
  if (head.chunked) return std::nullopt;
  return head.content_length.value_or(0);
}

BodyDecoder::Limits decoder_limits(const Route& route, const ServerOptions& options) {
  BodyDecoder::Limits limits;
  limits.body_max = route.streams_body ? kStreamMax : route.body_max;
  limits.trailers_max = options.header_bytes_max;
  limits.trailer_lines_max = options.headers_max;
  return limits;
}

BodyPace::Limits pace_limits(const Route& route, const ServerOptions& options) {
  return {
      .window = options.body_idle_time,
      .bytes_per_second_min = route.streams_body ? 0 : options.body_bytes_per_second_min,
      .trailers_time = options.header_time};
}

}  // namespace

RequestBody::RequestBody(
    const ParsedHead& head, const Route& route, ServerShared& shared, std::function<void()> on_room
)
    : head_(head),
      options_(shared.options),
      decoder_(declared(head), decoder_limits(route, shared.options)),
      pace_(pace_limits(route, shared.options), shared.clock.steady_now()),
      lease_(shared.body_bytes, shared.options.body_budget),
      pipe_(
          route.streams_body ? std::make_shared<BodyPipe>(declared(head), std::move(on_room))
                             : nullptr
      ) {
  head_.request->stream = pipe_;
}

Result<std::size_t> RequestBody::take(std::string_view in, base::SteadyTime now) {
  const auto before = decoder_.received();
  MLG_TRY(used, decoder_.decode(in, [this](std::string_view bytes) -> Result<void> {
    if (!pipe_) return gather(bytes);
    static_cast<void>(pipe_->push(bytes));  // at most what one read brought goes over the bound
    return {};
  }));
  pace_.on_bytes(decoder_.received() - before, now);
  if (decoder_.in_trailers()) pace_.on_trailers(now);
  if (pipe_ && whole()) pipe_->finish();
  return used;
}

Result<void> RequestBody::gather(std::string_view bytes) {
  auto& body = head_.request->body;
  const std::size_t size = body.size() + bytes.size();
  // Small ones are bounded by the number of connections.
  if (size > options_.inline_body_max && !lease_.try_grow_to(size)) {
    body = {};
    return tl::unexpected(base::Error{
        ErrorCode::kOverloaded,
        fmt::format("request bodies fill their {} bytes", options_.body_budget.get()),
        {},
        1'000});
  }
  body.append(bytes);
  return {};
}

Result<void> RequestBody::judge(base::SteadyTime now) {
  if (!has_room()) return {};  // it is we who do not read
  auto judged = pace_.judge(now);
  timed_out_ = !judged;
  return judged;
}

base::Error RequestBody::cut_short() const {
  const auto length = declared(head_);
  return {
      ErrorCode::kBadRequest,
      length ? fmt::format("the body ended after {} of {} bytes", decoder_.received(), *length)
             : fmt::format("the body was cut after {} bytes", decoder_.received()),
      {},
      {}};
}

void RequestBody::fail(base::Error error) {
  if (pipe_) pipe_->fail(std::move(error));
}

}  // namespace mlgraph::gateway
