#pragma once
// Blocking REST calls for command lines and tests.
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "client/http_session.h"

namespace mlgraph::client {

/// One connection a call. Threads: immutable, so shared.
class HttpClient {
 public:
  explicit HttpClient(Connection connection, Timeouts timeouts = {})
      : connection_(std::move(connection)), timeouts_(timeouts) {}
  /// errors as HttpSession::exchange. Any HTTP status is an answer.
  [[nodiscard]] base::Result<HttpAnswer> request(
      std::string_view method,
      std::string_view target,
      std::string_view body = {},
      std::string_view content_type = "application/json"
  ) const;
  /// What a file is, for the heads of an upload.
  struct UploadType {
    std::string content_type;
    std::string content_encoding = {};  ///< empty: as it is
  };
  /// Streams `size` bytes of `in` as the body, or all of it in chunks. An early answer ends the
  /// upload. The answer may take its time: the server gives it once all rows are applied.
  [[nodiscard]] base::Result<HttpAnswer> upload(
      std::string_view target,
      const UploadType& type,
      std::istream& in,
      std::optional<std::uint64_t> size
  ) const;
  /// GET: the body of a 200 goes to `take` piece by piece, any other into the answer. `take`
  /// answers false when it cannot go on: kCancelled.
  [[nodiscard]] base::Result<HttpAnswer> download(
      std::string_view target, const std::function<bool(std::string_view piece)>& take
  ) const;
  /// request(), with the body parsed; an HTTP error becomes an Error with the server's own
  /// sentence.
  [[nodiscard]] base::Result<base::Json> json(
      std::string_view method, std::string_view target, std::string_view body = {}
  ) const;
  /// GET of what the server itself holds back for up to `wait`.
  [[nodiscard]] base::Result<base::Json> json_after(
      std::string_view target, std::chrono::milliseconds wait
  ) const;
  [[nodiscard]] const Connection& connection() const { return connection_; }

 private:
  Connection connection_;
  Timeouts timeouts_;
};

/// The answer as JSON, or its error.
[[nodiscard]] base::Result<base::Json> json_of(const HttpAnswer& answer);

}  // namespace mlgraph::client
