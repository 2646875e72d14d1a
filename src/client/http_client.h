#pragma once
// Blocking REST calls for command lines and tests.
#include <functional>
#include <istream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "client/url.h"

namespace mlgraph::client {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// One connection a call. Threads: immutable, so shared.
class HttpClient {
 public:
  explicit HttpClient(Connection connection) : connection_(std::move(connection)) {}
  /// errors kInternal "cannot reach HOST:PORT: …". Any HTTP status is an answer.
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
  /// Streams `size` bytes of `in` as the body. An early answer ends the upload.
  [[nodiscard]] base::Result<HttpAnswer> upload(
      std::string_view target, const UploadType& type, std::istream& in, std::uint64_t size
  ) const;
  /// GET: the body of a 200 goes to `take` piece by piece, any other into the answer. `take`
  /// answers false when it cannot go on. errors kInternal, also for a body that was cut short or
  /// not taken.
  [[nodiscard]] base::Result<HttpAnswer> download(
      std::string_view target, const std::function<bool(std::string_view piece)>& take
  ) const;
  /// request(), with the body parsed; an HTTP error becomes an Error with the server's own
  /// sentence.
  [[nodiscard]] base::Result<base::Json> json(
      std::string_view method, std::string_view target, std::string_view body = {}
  ) const;
  [[nodiscard]] const Connection& connection() const { return connection_; }

 private:
  Connection connection_;
};

/// The answer as JSON, or its error.
[[nodiscard]] base::Result<base::Json> json_of(const HttpAnswer& answer);

}  // namespace mlgraph::client
