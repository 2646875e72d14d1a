#include "cli/event_line.h"

#include <fmt/format.h>

#include "cli/json_view.h"

namespace mlgraph::cli {
namespace {

using base::Json;

Color color_of(std::string_view type) {
  if (type == "job.failed" || type == "alert.error" || type == "index.deleted") return Color::kRed;
  if (type == "alert.warning" || type == "alert.rate_limit" || type == "error")
    return Color::kYellow;
  if (type == "job.completed" || type == "alert.resolved" || type == "index.created")
    return Color::kGreen;
  if (type.starts_with("metrics.")) return Color::kDim;
  if (type.starts_with("job.")) return Color::kBlue;
  if (type.starts_with("index.")) return Color::kMagenta;
  return Color::kCyan;
}

std::string describe_job(std::string_view type, const Json& job) {
  const auto head = fmt::format("{} {}", text_of(job, "jobId"), text_of(job, "index"));
  if (type == "job.progress")
    return fmt::format("{} {} {}", head, text_of(job, "phase"), progress_bar(job, 20));
  if (type == "job.failed")
    return fmt::format(
        "{} {}: {}",
        head,
        text_of(child(job, "error"), "code"),
        text_of(child(job, "error"), "message")
    );
  if (type == "job.completed")
    return fmt::format(
        "{} {} done, {} failed", head, commas_of(job, "processed"), commas_of(job, "failed")
    );
  return fmt::format("{} {}", head, text_of(job, "state"));
}

std::string describe_index(std::string_view type, const Json& data) {
  if (type == "index.shard_transition") {
    const auto place = [](const Json& at) {
      return text_of(at, "tier") + "/" + text_of(at, "state");
    };
    return fmt::format(
        "{} shard {} {} → {} ({}, {} vectors, {} ms)",
        text_of(data, "index"),
        number_of(data, "shard"),
        place(child(data, "from")),
        place(child(data, "to")),
        text_of(data, "reason"),
        commas_of(data, "vectors"),
        number_of(data, "duration_ms")
    );
  }
  auto line = fmt::format(
      "{} {} vectors × {} {}",
      text_of(data, "index_id"),
      commas_of(data, "vectors"),
      number_of(data, "dimension"),
      text_of(data, "metric_type")
  );
  if (const auto* changed = child(data, "changed").as_array()) {
    line += " changed:";
    for (const auto& item : *changed)
      if (item.as_string()) line += " " + safe(*item.as_string());
  }
  return line;
}

std::string describe_metrics(std::string_view type, const Json& data) {
  if (type == "metrics.system")
    return fmt::format(
        "{} {:.0f} qps  p50 {:.2f} ms  p99 {:.2f} ms  {} connections  {:.2f} GB  {:.0f}% cpu",
        text_of(data, "node"),
        number_of(data, "qps"),
        number_of(data, "latency_p50_ms"),
        number_of(data, "latency_p99_ms"),
        number_of(data, "active_connections"),
        number_of(data, "memory_used_gb"),
        number_of(data, "cpu_percent")
    );
  if (type == "metrics.search")
    return fmt::format(
        "{} {:.0f} qps  p50 {:.2f} ms  p99 {:.2f} ms",
        text_of(data, "index"),
        number_of(data, "qps"),
        number_of(data, "latency_p50_ms"),
        number_of(data, "latency_p99_ms")
    );
  if (type == "metrics.ingest")
    return fmt::format(
        "{} {} rows/s  {}/s",
        text_of(data, "index"),
        commas_of(data, "rate"),
        human_bytes(number_of(data, "bytes_per_second"))
    );
  return fmt::format(
      "{} {} vectors  {} deleted  {}",
      text_of(data, "index"),
      commas_of(data, "vectors"),
      commas_of(data, "deleted"),
      human_bytes(number_of(data, "bytes"))
  );
}

std::string describe(std::string_view type, const Json& data) {
  if (type.starts_with("job.")) return describe_job(type, data);
  if (type.starts_with("index.")) return describe_index(type, data);
  if (type.starts_with("metrics.")) return describe_metrics(type, data);
  if (type.starts_with("alert.")) return text_of(data, "title") + ": " + text_of(data, "message");
  if (type == "error") return text_of(data, "code") + ": " + text_of(data, "message");
  if (type == "state")
    return fmt::format(
        "{} indices, {} jobs, {} alerts",
        child(data, "indices").as_array() ? child(data, "indices").as_array()->size() : 0,
        child(data, "jobs").as_array() ? child(data, "jobs").as_array()->size() : 0,
        child(data, "alerts").as_array() ? child(data, "alerts").as_array()->size() : 0
    );
  return {};
}

}  // namespace

std::string progress_bar(const Json& job, std::size_t width) {
  const auto* progress = job.find("progress");
  const auto fraction = progress ? progress->as_double() : std::nullopt;
  std::string bar = "[";
  const auto filled = static_cast<std::size_t>(fraction.value_or(0) * static_cast<double>(width));
  for (std::size_t i = 0; i < width; ++i) bar += i < filled ? "#" : "·";
  bar += fraction ? fmt::format("] {:3.0f} %", fraction.value_or(0) * 100) : "]   ? %";
  bar += "  " + commas_of(job, "processed");
  if (const auto* total = job.find("total"); total && total->as_uint())
    bar += " / " + with_commas(*total->as_uint());
  if (number_of(job, "rate") > 0) bar += fmt::format("  {}/s", commas_of(job, "rate"));
  if (const auto* eta = job.find("eta_seconds");
      eta && eta->as_double() && fraction.value_or(1) < 1)
    bar += "  " + human_seconds(*eta->as_double()) + " left";
  return bar;
}

std::string event_line(const Terminal& terminal, std::string_view type, const Json& message) {
  auto at = text_of(message, "timestamp", "");
  if (at.size() >= 23) at = at.substr(11, 12);
  return fmt::format(
      "{}  {}  {}",
      terminal.paint(Color::kDim, at),
      terminal.paint(color_of(type), fmt::format("{:<22}", safe(type))),
      describe(type, child(message, "data"))
  );
}

}  // namespace mlgraph::cli
