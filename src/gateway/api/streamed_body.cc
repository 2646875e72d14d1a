#include "gateway/api/streamed_body.h"

#include <array>

#include "gateway/api/services.h"
#include "protocol/error_table.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

namespace {

constexpr std::size_t kSourceBodyMax = 64 * 1024;

Result<std::string> read_small(BodyStream& stream) {
  std::string body;
  std::array<char, 4096> piece{};
  for (;;) {
    MLG_TRY(n, stream.read(piece));
    if (n == 0) return body;
    if (body.size() + n > kSourceBodyMax)
      return base::fail(ErrorCode::kTooLarge, "the body has more than {} bytes", kSourceBodyMax);
    body.append(piece.data(), n);
  }
}

}  // namespace

HttpResponse accepted(const model::Job& job) {
  auto response = json_response(202, json_text(job));
  response.headers.emplace_back("Location", "/api/v1/jobs/" + job.job_id);
  return response;
}

int status_of_failed(const base::Error& error) {
  const bool servers = error.code == ErrorCode::kReadonly || error.code == ErrorCode::kNoSpace;
  return servers ? protocol::row_of(error.code).http_status : 400;
}

Result<std::string> read_source_name(BodyStream& stream) {
  MLG_TRY(text, read_small(stream));
  MLG_TRY(body, base::parse_json(text));
  const auto* source = body.find("source");
  if (!source || !source->as_string())
    return base::fail_at(
        "source", ErrorCode::kInvalidValue, "source must be the name of a file in the import folder"
    );
  return *source->as_string();
}

}  // namespace mlgraph::gateway
