#pragma once
// The one error type of the project, and how it travels.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace mlgraph::base {

/// What went wrong, as clients are told it. protocol/error_table.h maps each code to its wire
/// name, HTTP status, close code and whether a retry helps.
enum class ErrorCode : std::uint8_t {
  kBadJson,
  kBadRequest,
  kUnknownType,
  kUnauthorized,
  kTokenExpired,
  kForbidden,
  kInvalidChannel,
  kTooManyChannels,
  kRateLimited,
  kTooLarge,
  kHeadersTooLarge,
  kCursorExpired,
  kOverloaded,
  kShuttingDown,
  kInternal,
  kNotFound,
  kConflict,
  kTimeout,
  kInvalidVector,
  kInvalidValue,
  kRecovering,
  kReadonly,
  kNoSpace,
  kCancelled,
  kInterrupted,
  kCorrupt,
};

/// A code and a sentence that names the offending value and the limit it broke.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string member;  ///< the request's member at fault, e.g. "vectors[3].values"; may be empty
  std::optional<std::int64_t> retry_after_ms;  ///< for kRateLimited, kOverloaded, kShuttingDown
};

template <typename T>
using Result = tl::expected<T, Error>;

/// fail(code, "k is {}, the limit is {}", k, max)
template <typename... Args>
[[nodiscard]] tl::unexpected<Error> fail(
    ErrorCode code, fmt::format_string<Args...> text, Args&&... args
) {
  return tl::unexpected<Error>(Error{code, fmt::format(text, std::forward<Args>(args)...), {}, {}});
}

/// As fail(), naming the member of the request that is wrong.
template <typename... Args>
[[nodiscard]] tl::unexpected<Error> fail_at(
    std::string member, ErrorCode code, fmt::format_string<Args...> text, Args&&... args
) {
  return tl::unexpected<Error>(Error{
      code, fmt::format(text, std::forward<Args>(args)...), std::move(member), {}});
}

}  // namespace mlgraph::base

#define MLG_CONCAT_INNER(a, b) a##b
#define MLG_CONCAT(a, b) MLG_CONCAT_INNER(a, b)
/// MLG_TRY(name, expression): binds the value, or returns the error to the caller.
#define MLG_TRY(name, ...) MLG_TRY_IMPL(MLG_CONCAT(mlg_result_, __LINE__), name, __VA_ARGS__)
#define MLG_TRY_IMPL(tmp, name, ...)                                                 \
  auto tmp = (__VA_ARGS__);                                                          \
  if (!tmp) return ::tl::unexpected<::mlgraph::base::Error>(std::move(tmp).error()); \
  auto name = std::move(*tmp)
/// MLG_TRY_VOID(expression): the same for Result<void>.
#define MLG_TRY_VOID(...)                           \
  if (auto mlg_result = (__VA_ARGS__); !mlg_result) \
  return ::tl::unexpected<::mlgraph::base::Error>(std::move(mlg_result).error())
