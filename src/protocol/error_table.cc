#include "protocol/error_table.h"

#include <array>

#include "base/check.h"
#include "base/json.h"

namespace mlgraph::protocol {
namespace {
using base::ErrorCode;
// In the order of base::ErrorCode, so that a row is found by its number.
constexpr std::array kTable = {
    ErrorRow{ErrorCode::kBadJson, "bad_json", 400, kCloseTooManyErrors, false},
    ErrorRow{ErrorCode::kBadRequest, "bad_request", 400, kCloseTooManyErrors, false},
    ErrorRow{ErrorCode::kUnknownType, "unknown_type", 400, kCloseTooManyErrors, false},
    ErrorRow{ErrorCode::kUnauthorized, "unauthorized", 401, kCloseUnauthorized, false},
    ErrorRow{ErrorCode::kTokenExpired, "token_expired", 401, kCloseTokenExpired, false},
    ErrorRow{ErrorCode::kForbidden, "forbidden", 403, kCloseForbidden, false},
    ErrorRow{ErrorCode::kInvalidChannel, "invalid_channel", 400, kCloseTooManyErrors, false},
    ErrorRow{ErrorCode::kTooManyChannels, "too_many_channels", 400, kCloseTooManyErrors, false},
    ErrorRow{ErrorCode::kRateLimited, "rate_limited", 429, kCloseRateLimited, true},
    ErrorRow{ErrorCode::kTooLarge, "too_large", 413, kTooBig, false},
    ErrorRow{ErrorCode::kHeadersTooLarge, "too_large", 431, 0, false},
    ErrorRow{ErrorCode::kCursorExpired, "cursor_expired", 400, 0, false},
    ErrorRow{ErrorCode::kOverloaded, "overloaded", 503, kCloseOverloaded, true},
    ErrorRow{ErrorCode::kShuttingDown, "shutting_down", 503, kCloseShutdown, true},
    ErrorRow{ErrorCode::kInternal, "internal", 500, kInternalError, true},
    ErrorRow{ErrorCode::kNotFound, "not_found", 404, 0, false},
    ErrorRow{ErrorCode::kConflict, "conflict", 409, 0, false},
    ErrorRow{ErrorCode::kTimeout, "timeout", 408, 0, true},
    ErrorRow{ErrorCode::kInvalidVector, "invalid_vector", 422, 0, false},
    ErrorRow{ErrorCode::kInvalidValue, "invalid_value", 422, 0, false},
    ErrorRow{ErrorCode::kRecovering, "recovering", 503, 0, true},
    ErrorRow{ErrorCode::kReadonly, "readonly", 503, 0, true},
    ErrorRow{ErrorCode::kNoSpace, "no_space", 507, 0, true},
    ErrorRow{ErrorCode::kCancelled, "cancelled", 409, 0, false},
    ErrorRow{ErrorCode::kInterrupted, "interrupted", 503, 0, true},
    ErrorRow{ErrorCode::kCorrupt, "corrupt", 500, 0, false},
};
constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  return true;
}
static_assert(in_order() && kTable.size() == static_cast<std::size_t>(ErrorCode::kCorrupt) + 1);
}  // namespace

const ErrorRow& row_of(base::ErrorCode code) {
  const auto number = static_cast<std::size_t>(code);
  MLG_CHECK(number < kTable.size());
  return kTable[number];
}

const ErrorRow& rest_row_of(base::ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadJson:
    case ErrorCode::kUnknownType:
    case ErrorCode::kInvalidChannel:
    case ErrorCode::kTooManyChannels:
    case ErrorCode::kCursorExpired:
      return row_of(ErrorCode::kBadRequest);
    case ErrorCode::kTokenExpired:
      return row_of(ErrorCode::kUnauthorized);
    case ErrorCode::kShuttingDown:
    case ErrorCode::kInterrupted:
      return row_of(ErrorCode::kOverloaded);
    case ErrorCode::kCancelled:
      return row_of(ErrorCode::kConflict);
    case ErrorCode::kCorrupt:
      return row_of(ErrorCode::kInternal);
    default:
      return row_of(code);
  }
}

std::span<const ErrorRow> error_table() { return kTable; }

std::string rest_error_body(const base::Error& error) {
  std::string out;
  base::JsonWriter json(out);
  json.object([&] {
    json.member("error", rest_row_of(error.code).name);
    json.member("message", error.message);
    if (!error.member.empty()) json.member("member", error.member);
    if (error.retry_after_ms) json.member("retry_after_ms", *error.retry_after_ms);
  });
  return out;
}

}  // namespace mlgraph::protocol
