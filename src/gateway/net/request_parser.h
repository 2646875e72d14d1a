#pragma once
// A request's head in the form that routing and handlers use.
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/api/http.h"
#include "gateway/net/request_head.h"
#include "gateway/net/upgrade.h"

namespace mlgraph::gateway {

struct ParsedHead {
  std::shared_ptr<HttpRequest> request;  ///< method, path, query and the headers it has
  HeaderMap headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool http_1_1 = true;  ///< else HTTP/1.0
  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  /// A header's value; empty when it did not come.
  [[nodiscard]] std::string_view header(std::string_view lower_name) const;
};

/// Checks (request_head.h) and parses. `head` ends with its empty line.
/// errors  kBadRequest, kHeadersTooLarge.
[[nodiscard]] base::Result<ParsedHead> parse_head(std::string_view head, HeadLimits limits);

}  // namespace mlgraph::gateway
