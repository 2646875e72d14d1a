#include "client/ending.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/error_table.h"

namespace mlgraph::client {

using base::ErrorCode;

namespace {

constexpr std::array kOurFault = {
    static_cast<int>(protocol::kProtocolError),
    static_cast<int>(protocol::kUnsupported),
    static_cast<int>(protocol::kInvalidPayload),
    static_cast<int>(protocol::kPolicy),
    static_cast<int>(protocol::kTooBig)};

Next next_after_refusal(int http_status) {
  constexpr std::array kPassing = {408, 425, 429};
  const bool passing = http_status >= 500 ||
                       std::find(kPassing.begin(), kPassing.end(), http_status) != kPassing.end();
  return passing ? Next::kRetry : Next::kGiveUp;
}

}  // namespace

Next next_after(const Ending& ending) {
  if (ending.refused)
    return protocol::row_of(ending.refused->code).retryable ? Next::kRetry : Next::kGiveUp;
  if (ending.untrusted) return Next::kGiveUp;
  if (ending.http_status != 0) return next_after_refusal(ending.http_status);
  const int code = ending.close_code;
  if (code == protocol::kNormal) return Next::kDone;
  if (code >= 4000 && code < 4100) return Next::kGiveUp;
  if (code >= 4200 && code < 4300) return Next::kRenew;
  if (std::find(kOurFault.begin(), kOurFault.end(), code) != kOurFault.end()) return Next::kGiveUp;
  return Next::kRetry;
}

base::Error error_of(const Ending& ending) {
  if (ending.refused) return *ending.refused;
  if (ending.untrusted) return *ending.untrusted;
  const bool by_http = ending.http_status != 0;
  const int number = by_http ? ending.http_status : ending.close_code;
  ErrorCode code = ErrorCode::kBadRequest;
  if (number == 401 || number == protocol::kCloseUnauthorized)
    code = ErrorCode::kUnauthorized;
  else if (number == 403 || number == protocol::kCloseForbidden)
    code = ErrorCode::kForbidden;
  else if (number == protocol::kCloseTokenExpired)
    code = ErrorCode::kTokenExpired;
  return {
      code,
      by_http ? fmt::format("the server refused the connection ({}): {}", number, ending.reason)
              : fmt::format("the server closed the connection ({}): {}", number, ending.reason),
      {},
      {}};
}

std::chrono::milliseconds retry_after_of(std::string_view close_reason) {
  constexpr std::string_view kKey = "retry_after_ms=";
  constexpr std::int64_t kDayMs = 86'400'000;
  const auto at = close_reason.find(kKey);
  std::int64_t ms = 0;
  if (at != std::string_view::npos)
    std::from_chars(
        close_reason.data() + at + kKey.size(), close_reason.data() + close_reason.size(), ms
    );
  return std::chrono::milliseconds(std::clamp<std::int64_t>(ms, 0, kDayMs));
}

}  // namespace mlgraph::client
