#pragma once
// Every error code once: wire name, HTTP status, close code, whether a retry helps.
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlgraph::protocol {

struct ErrorRow {
  base::ErrorCode code;
  std::string_view name;  ///< on the socket
  int http_status;
  int close_code;  ///< when this error ends a session (most errors do not); 0: it never does
  bool retryable;
};

[[nodiscard]] const ErrorRow& row_of(base::ErrorCode code);
/// REST tells fewer apart than the socket: bad JSON or a bad channel is a bad request there, an
/// expired token is unauthorized. The row of the code it uses for `code`.
[[nodiscard]] const ErrorRow& rest_row_of(base::ErrorCode code);
[[nodiscard]] std::span<const ErrorRow> error_table();

/// PROTOCOL §2's close codes of our own, by name.
enum CloseCode : int {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupported = 1003,
  kInvalidPayload = 1007,
  kPolicy = 1008,
  kTooBig = 1009,
  kInternalError = 1011,
  kCloseUnauthorized = 4001,
  kCloseForbidden = 4003,
  kCloseTooManyErrors = 4009,
  kCloseOverloaded = 4100,
  kCloseRateLimited = 4101,
  kCloseSlowConsumer = 4102,
  kCloseShutdown = 4103,
  kCloseAuthTimeout = 4104,
  kCloseHeartbeatTimeout = 4105,
  kCloseConnectionLimit = 4106,
  kCloseTokenExpired = 4201,
  kCloseScopesChanged = 4202,
};

/// How clients are told: {"error":name,"message":…[,"member":…]} is REST's; see envelope.h for the
/// socket's.
[[nodiscard]] std::string rest_error_body(const base::Error& error);

}  // namespace mlgraph::protocol
