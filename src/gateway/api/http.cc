#include "gateway/api/http.h"

#include "protocol/error_table.h"

namespace mlgraph::gateway {

std::optional<std::string> HttpRequest::query_value(const std::string& name) const {
  const auto it = query.find(name);
  if (it == query.end()) return std::nullopt;
  return it->second;
}

std::string percent_decode(std::string_view text, bool plus_is_blank) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' && plus_is_blank ? ' ' : text[i]);
    }
  }
  return out;
}

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse error_response(const base::Error& error) {
  HttpResponse response = json_response(
      protocol::rest_row_of(error.code).http_status, protocol::rest_error_body(error)
  );
  const auto code = protocol::rest_row_of(error.code).code;
  const bool retry = error.retry_after_ms || code == base::ErrorCode::kOverloaded ||
                     code == base::ErrorCode::kRecovering;
  if (retry) {
    const auto seconds =
        (error.retry_after_ms.value_or(1'000) + 999) / 1'000;  // whole seconds, rounded up
    response.headers.emplace_back(
        "Retry-After", std::to_string(std::max<std::int64_t>(1, seconds))
    );
  }
  return response;
}

}  // namespace mlgraph::gateway
