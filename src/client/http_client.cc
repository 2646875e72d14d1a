#include "client/http_client.h"

#include <vector>

namespace mlgraph::client {
namespace {

/// Rows of a large file may still be applied once all of it is sent.
constexpr std::chrono::hours kUploadPatience{1};

base::ErrorCode code_of(int status) {
  switch (status) {
    case 401:
      return base::ErrorCode::kUnauthorized;
    case 403:
      return base::ErrorCode::kForbidden;
    case 404:
      return base::ErrorCode::kNotFound;
    case 409:
      return base::ErrorCode::kConflict;
    case 429:
      return base::ErrorCode::kRateLimited;
    case 502:
    case 503:
    case 504:  // of the server itself, or of a proxy before it
      return base::ErrorCode::kOverloaded;
    default:
      return base::ErrorCode::kBadRequest;
  }
}

}  // namespace

base::Result<HttpAnswer> HttpClient::request(
    std::string_view method,
    std::string_view target,
    std::string_view body,
    std::string_view content_type
) const {
  return HttpSession(connection_, timeouts_)
      .exchange({.method = method, .target = target, .content_type = content_type, .body = body});
}

base::Result<HttpAnswer> HttpClient::upload(
    std::string_view target,
    const UploadType& type,
    std::istream& in,
    std::optional<std::uint64_t> size
) const {
  std::vector<char> piece(256 * 1024);
  HttpRequest request{
      .method = "POST",
      .target = target,
      .content_type = type.content_type,
      .content_encoding = type.content_encoding};
  request.next_piece = [&]() -> std::string_view {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    return {piece.data(), static_cast<std::size_t>(in.gcount())};
  };
  request.size = size;
  request.patience = std::max<std::chrono::milliseconds>(timeouts_.silence, kUploadPatience);
  return HttpSession(connection_, timeouts_).exchange(request);
}

base::Result<HttpAnswer> HttpClient::download(
    std::string_view target, const std::function<bool(std::string_view)>& take
) const {
  HttpRequest request{.target = target};
  request.take = take;
  return HttpSession(connection_, timeouts_).exchange(request);
}

base::Result<base::Json> json_of(const HttpAnswer& answer) {
  if (answer.status == 204) return base::Json();
  auto parsed = base::parse_json(answer.body, {.depth_max = 64, .members_max = 1 << 24});
  if (answer.status < 400) return parsed;
  const auto* text = parsed ? parsed->find("message") : nullptr;
  const auto code = code_of(answer.status);
  if (text && text->as_string()) return base::fail(code, "{}", *text->as_string());
  return base::fail(code, "the server answered {}", answer.status);
}

base::Result<base::Json> HttpClient::json(
    std::string_view method, std::string_view target, std::string_view body
) const {
  MLG_TRY(answer, request(method, target, body));
  return json_of(answer);
}

base::Result<base::Json> HttpClient::json_after(
    std::string_view target, std::chrono::milliseconds wait
) const {
  HttpRequest request{.target = target};
  request.patience = wait + timeouts_.silence;
  MLG_TRY(answer, HttpSession(connection_, timeouts_).exchange(request));
  return json_of(answer);
}

}  // namespace mlgraph::client
