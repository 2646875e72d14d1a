#include "cli/result_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "cli/api.h"
#include "cli/output.h"

namespace mlgraph::cli {
namespace {

base::Result<void> outcome_of(const base::Result<client::HttpAnswer>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status == 200) return {};
  return client::json_of(*answer).map([](const base::Json&) {});
}

tl::unexpected<base::Error> cannot_write(const std::string& name, const std::string& why) {
  return base::fail(base::ErrorCode::kNoSpace, "cannot write {}: {}", name, why);
}

/// Of a failure just now, which a stream may tell without a reason.
int errno_or_any() { return errno != 0 ? errno : EIO; }

}  // namespace

base::Result<void> download_result(
    const Context& context, const std::string& job_id, const std::string& file
) {
  const auto http = context.http();
  const auto target = api_path({"jobs", job_id, "result"});
  if (file == "-") {
    Output out;
    const auto answer =
        http.download(target, [&](std::string_view piece) { return out.put(piece); });
    if (out.reader_gone()) return {};
    if (out.failed()) return cannot_write("standard output", out.failure());
    return outcome_of(answer);
  }
  const std::string part = file + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  if (!out) return cannot_write(part, std::strerror(errno));
  int failure = 0;
  auto outcome = outcome_of(http.download(target, [&](std::string_view piece) {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!out) failure = errno_or_any();
    return out.good();
  }));
  out.close();
  if (outcome && (!out || std::rename(part.c_str(), file.c_str()) != 0)) failure = errno_or_any();
  if (failure != 0) outcome = cannot_write(file, std::strerror(failure));
  if (!outcome) std::remove(part.c_str());
  return outcome;
}

}  // namespace mlgraph::cli
