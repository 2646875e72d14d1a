#include "cli/exit.h"

#include "cli/json_view.h"

namespace mlgraph::cli {

int exit_of(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::kUnauthorized:
    case base::ErrorCode::kTokenExpired:
    case base::ErrorCode::kForbidden:
      return kNotAllowed;
    case base::ErrorCode::kInternal:
    case base::ErrorCode::kInterrupted:
    case base::ErrorCode::kTimeout:
      return kUnreachable;
    case base::ErrorCode::kInvalidValue:
      return kUsage;
    default:
      return kRefused;
  }
}

int exit_of_job(const base::Json& job) {
  if (text_of(job, "state") != "failed") return kOk;
  return text_of(child(job, "error"), "code") == "cancelled" ? kJobCancelled : kJobFailed;
}

}  // namespace mlgraph::cli
