#include "cli/result_file.h"

#include <cstdio>
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
    return outcome_of(answer);
  }
  const std::string part = file + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  if (!out) return base::fail(base::ErrorCode::kInvalidValue, "cannot write {}", part);
  auto outcome = outcome_of(http.download(target, [&](std::string_view piece) {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    return out.good();
  }));
  out.close();
  if (outcome && (!out || std::rename(part.c_str(), file.c_str()) != 0))
    outcome = base::fail(base::ErrorCode::kInvalidValue, "cannot write {}", file);
  if (!outcome) std::remove(part.c_str());
  return outcome;
}

}  // namespace mlgraph::cli
