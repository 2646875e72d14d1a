// The dashboard's files, for whoever asks: they hold nothing but the program.
#include "gateway/api/services.h"
#include "model/names.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

namespace {

constexpr const char* kRevalidate = "no-cache";
constexpr const char* kForever = "public, max-age=31536000, immutable";  // names carry a hash

// Scripts, styles and calls of this very origin, and nothing else; no page may frame it.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether a coding is among those of Accept-Encoding, and not with a weight of 0.
bool accepts(std::string_view list, std::string_view coding) {
  while (!list.empty()) {
    auto item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    const auto name = item.substr(0, item.find_first_of("; "));
    if (name != coding) continue;
    const auto weight = item.find("q=");
    return weight == std::string_view::npos ||
           item.substr(weight + 2).find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

HttpResponse response_of(const StaticFile& file, const HttpRequest& request) {
  HttpResponse response;
  response.content_type = std::string(file.content_type);
  response.cache_control = file.path.starts_with("/assets/") ? kForever : kRevalidate;
  response.headers = {
      {"ETag", "W/" + std::string(file.etag)},  // weak: the codings share it
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", kPolicy},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"}};
  if (request.if_none_match.find(file.etag) != std::string::npos) {
    response.status = 304;
    response.content_type.clear();
    return response;
  }
  std::string_view bytes = file.bytes;
  const auto take = [&](std::string_view coding, std::string_view coded) {
    if (coded.empty() || !accepts(request.accept_encoding, coding)) return false;
    bytes = coded;
    response.headers.emplace_back("Content-Encoding", std::string(coding));
    return true;
  };
  if (!take("br", file.brotli)) take("gzip", file.gzip);
  response.body = std::string(bytes);
  return response;
}

Result<HttpResponse> serve(ApiServices& services, const HttpRequest& request) {
  for (const auto& file : services.dashboard)
    if (file.path == request.path) return response_of(file, request);
  return base::fail(ErrorCode::kNotFound, "there is no '{}'", model::printable(request.path));
}

}  // namespace

void add_dashboard_routes(Router& router, ApiServices& services) {
  for (const char* pattern : {"/", "/assets/{file}"})
    router.add(
        {"GET", pattern, Access::kPublic, false, false, 0, answering([&](HttpRequest& request) {
           return serve(services, request);
         })}
    );
}

}  // namespace mlgraph::gateway
