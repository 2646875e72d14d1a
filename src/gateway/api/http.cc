#include "gateway/api/http.h"

#include <algorithm>

#include "protocol/error_table.h"

namespace mlgraph::gateway {

std::optional<std::string> HttpRequest::query_value(const std::string& name) const {
  const auto [begin, end] = query.equal_range(name);
  if (begin == end) return std::nullopt;
  return std::prev(end)->second;
}

base::Result<std::vector<std::string>> HttpRequest::channels() const {
  const auto [begin, end] = query.equal_range("channels");
  if (begin == end) return std::vector<std::string>{"*"};
  std::vector<std::string> all;
  for (auto it = begin; it != end; ++it) {
    const std::string& list = it->second;
    for (std::size_t at = 0; at <= list.size();) {
      const auto comma = std::min(list.find(',', at), list.size());
      if (comma > at) all.push_back(list.substr(at, comma - at));
      at = comma + 1;
    }
  }
  if (all.empty()) return base::fail(base::ErrorCode::kInvalidChannel, "channels is empty");
  return all;
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
