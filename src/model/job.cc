#include "model/job.h"

#include <cmath>

#include "model/enum_names.h"
#include "model/fields.h"

namespace mlgraph::model {
namespace {
constexpr EnumNames<JobState, 4> kJobStates{{"queued", "running", "completed", "failed"}};

std::optional<std::string> text_of(const std::optional<base::Timestamp>& at) {
  if (!at) return std::nullopt;
  return base::format_timestamp(*at);
}
}  // namespace

std::string_view name_of(JobState state) { return kJobStates[state]; }
std::optional<JobState> parse_job_state(std::string_view name) { return kJobStates.parse(name); }

void write(base::JsonWriter& out, const Job& job) {
  out.object([&] {
    out.member("jobId", job.job_id);
    out.member("jobType", job.job_type);
    out.member("progress", job.progress);
    out.member("processed", job.processed);
    out.member("total", job.total);
    out.member("rate", job.rate);
    out.member("eta_seconds", job.eta_seconds);
    out.key("index");
    job.index.empty() ? out.null() : out.value(job.index);
    out.member("phase", job.phase);
    out.member("state", name_of(job.state));
    out.member("failed", job.failed);
    out.key("errors");
    out.array([&] {
      for (const auto& error : job.errors)
        out.object([&] {
          out.member("row", error.row);
          out.member("message", error.message);
        });
    });
    out.member("started_at", base::format_timestamp(job.started_at));
    out.member("finished_at", text_of(job.finished_at));
    out.key("error");
    if (job.error_code.empty())
      out.null();
    else
      out.object([&] {
        out.member("code", job.error_code);
        out.member("message", job.error_message);
      });
  });
}

base::Result<Job> parse_job(const base::Json& object) {
  Fields fields(object);
  Job job;
  job.job_id = fields.text("jobId");
  job.job_type = fields.text("jobType");
  job.progress = fields.maybe_number("progress");
  job.processed = fields.natural("processed");
  if (const auto* total = object.find("total")) job.total = total->as_uint();
  job.rate = fields.number("rate");
  job.eta_seconds = fields.maybe_number("eta_seconds");
  job.index = fields.maybe_text("index");
  job.phase = fields.text("phase");
  job.state = fields.name("state", parse_job_state);
  job.failed = fields.natural("failed");
  if (const auto* errors = fields.child("errors").as_array())
    for (const auto& item : *errors) {
      Fields error(item);
      job.errors.push_back({error.natural("row"), error.text("message")});
    }
  job.started_at = fields.time("started_at");
  job.finished_at = fields.maybe_time("finished_at");
  if (const auto* error = object.find("error"); error && error->as_object()) {
    Fields detail(*error);
    job.error_code = detail.text("code");
    job.error_message = detail.text("message");
  }
  MLG_TRY_VOID(fields.check("job"));
  return job;
}

}  // namespace mlgraph::model
