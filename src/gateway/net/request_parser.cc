#include "gateway/net/request_parser.h"

#include <algorithm>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/ascii.h"

namespace mlgraph::gateway {

namespace http = boost::beast::http;
using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

void read_target(std::string_view target, HttpRequest& request) {
  const auto question = std::min(target.find('?'), target.size());
  request.path = target.substr(0, question);
  auto rest = target.substr(std::min(question + 1, target.size()));
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    request.query.emplace(
        percent_decode(pair.substr(0, equals), true),
        percent_decode(pair.substr(std::min(equals + 1, pair.size())), true)
    );
  }
}

/// In lower case, without parameters.
std::string media_type(std::string_view content_type) {
  std::string type = base::ascii_lower(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  return type;
}

}  // namespace

std::string_view ParsedHead::header(std::string_view lower_name) const {
  const auto found = headers.find(lower_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

Result<ParsedHead> parse_head(std::string_view head, HeadLimits limits) {
  MLG_TRY_VOID(check_request_head(head, limits));
  http::request_parser<http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(head.size()) + 1);
  parser.body_limit(boost::none);  // judged by route, later
  boost::system::error_code ec;
  parser.put(boost::asio::buffer(head.data(), head.size()), ec);
  if (ec && ec != http::error::need_buffer)
    return fail(ErrorCode::kBadRequest, "the head does not parse: {}", ec.message());
  const auto& message = parser.get();
  ParsedHead parsed;
  for (const auto& field : message) {
    auto& value =
        parsed.headers[base::ascii_lower({field.name_string().data(), field.name_string().size()})];
    value += (value.empty() ? "" : ",") + std::string(field.value());
  }
  if (const auto length = parser.content_length()) parsed.content_length = *length;
  parsed.chunked = parser.chunked();
  parsed.keep_alive = message.keep_alive();
  parsed.http_1_1 = message.version() >= 11;
  parsed.request = std::make_shared<HttpRequest>();
  parsed.request->method = std::string(message.method_string());
  read_target({message.target().data(), message.target().size()}, *parsed.request);
  parsed.request->content_type = media_type(parsed.header("content-type"));
  parsed.request->content_encoding = media_type(parsed.header("content-encoding"));
  parsed.request->last_event_id = parsed.header("last-event-id");
  parsed.request->accept_encoding = base::ascii_lower(parsed.header("accept-encoding"));
  parsed.request->if_none_match = parsed.header("if-none-match");
  return parsed;
}

}  // namespace mlgraph::gateway
