#include "gateway/net/request_head.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "gateway/auth/authority.h"

namespace mlgraph::gateway {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kMethodMax = 16;

bool is_name_char(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return std::isalnum(static_cast<unsigned char>(c)) || kOthers.find(c) != std::string_view::npos;
}

bool same_name(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() &&
         std::equal(name.begin(), name.end(), lower.begin(), [](char a, char b) {
           return base::ascii_lower(a) == b;
         });
}

Result<void> check_request_line(std::string_view line, bool& version_1_1) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return fail(ErrorCode::kBadRequest, "the request line is not METHOD TARGET VERSION");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (method.empty() || method.size() > kMethodMax ||
      !std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return fail(ErrorCode::kBadRequest, "the method is not understood");
  if (target.empty() || (target.front() != '/' && target != "*") ||
      !std::all_of(target.begin(), target.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
      }))
    return fail(ErrorCode::kBadRequest, "the target is not a path of printable ASCII");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return fail(ErrorCode::kBadRequest, "only HTTP/1.1 and HTTP/1.0 are served");
  version_1_1 = version == "HTTP/1.1";
  return {};
}

struct Seen {
  std::size_t hosts = 0, lengths = 0, codings = 0;
};

Result<void> check_field(std::string_view line, Seen& seen) {
  MLG_TRY_VOID(check_header_line(line));
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  const auto value = base::trimmed(line.substr(colon + 1));
  if (same_name(name, "host")) {
    ++seen.hosts;
    if (!parse_authority(value))
      return fail(ErrorCode::kBadRequest, "Host is not HOST or HOST:PORT");
  }
  if (same_name(name, "content-length")) {
    ++seen.lengths;
    if (value.empty() || value.size() > 19 ||
        !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return fail(ErrorCode::kBadRequest, "Content-Length is not a number");
  }
  if (same_name(name, "transfer-encoding")) {
    ++seen.codings;
    if (!same_name(value, "chunked"))
      return fail(ErrorCode::kBadRequest, "the only Transfer-Encoding served is chunked");
  }
  return {};
}

/// "GET /…", or a beginning of it.
bool begins_like_a_request(std::string_view line) {
  const auto method = line.substr(0, line.find(' '));
  if (method.size() > kMethodMax || (method.size() == line.size() && line.ends_with('\r')))
    return false;
  return std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

Result<void> check_header_line(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t'))
    return fail(ErrorCode::kBadRequest, "folded header lines are refused");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(ErrorCode::kBadRequest, "a header line has no name");
  const auto name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), is_name_char))
    return fail(ErrorCode::kBadRequest, "a header name has characters it may not have");
  if (std::any_of(line.begin(), line.end(), is_control))
    return fail(ErrorCode::kBadRequest, "a header line has control characters");
  return {};
}

Result<void> check_request_head(std::string_view head, HeadLimits limits) {
  if (head.size() > limits.bytes_max)
    return fail(
        ErrorCode::kHeadersTooLarge,
        "the head has {} bytes, the limit is {}",
        head.size(),
        limits.bytes_max
    );
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    const bool paired = (c == '\r' && i + 1 < head.size() && head[i + 1] == '\n') ||
                        (c == '\n' && i > 0 && head[i - 1] == '\r');
    if (c == '\r' || c == '\n' ? !paired : is_control(c))
      return fail(
          ErrorCode::kBadRequest, "byte {} of the head is a control character or a bare line end", i
      );
  }
  const auto line_end = head.find("\r\n");
  bool version_1_1 = true;
  MLG_TRY_VOID(check_request_line(head.substr(0, line_end), version_1_1));
  Seen seen;
  std::size_t lines = 0;
  for (std::size_t at = line_end + 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    if (end == at || end == std::string_view::npos) break;
    if (++lines > limits.lines_max)
      return fail(ErrorCode::kHeadersTooLarge, "more than {} header lines", limits.lines_max);
    MLG_TRY_VOID(check_field(head.substr(at, end - at), seen));
    at = end + 2;
  }
  if (seen.hosts > 1 || (seen.hosts == 0 && version_1_1))
    return fail(ErrorCode::kBadRequest, "exactly one Host is needed, {} came", seen.hosts);
  if (seen.lengths > 1)
    return fail(ErrorCode::kBadRequest, "Content-Length came {} times", seen.lengths);
  if (seen.codings > 1 || (seen.codings == 1 && (seen.lengths > 0 || !version_1_1)))
    return fail(
        ErrorCode::kBadRequest,
        "Transfer-Encoding came with Content-Length, twice, or over HTTP/1.0"
    );
  return {};
}

Result<void> check_beginning(std::string_view so_far, std::size_t bytes_max) {
  if (!begins_like_a_request(so_far.substr(0, so_far.find('\n'))))
    return fail(ErrorCode::kBadRequest, "this is no HTTP request");
  // A head of bare line feeds would never end.
  if (so_far.find("\n\n") != std::string_view::npos)
    return fail(ErrorCode::kBadRequest, "header lines end in CR LF");
  if (so_far.size() > bytes_max)
    return fail(ErrorCode::kHeadersTooLarge, "the head has more than {} bytes", bytes_max);
  return {};
}

}  // namespace mlgraph::gateway
