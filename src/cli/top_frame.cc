#include "cli/top_frame.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "cli/event_line.h"
#include "cli/json_view.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

using base::Json;
using Lines = std::vector<std::string>;

constexpr std::size_t kMeterWidth = 20;
constexpr std::size_t kTopBarWidth = 20;

std::string meter(const Terminal& terminal, double used, double limit) {
  constexpr double kWarn = 0.75;
  constexpr double kError = 0.9;
  const double fraction = limit > 0 ? std::clamp(used / limit, 0.0, 1.0) : 0;
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(kMeterWidth));
  const auto color = fraction >= kError  ? Color::kRed
                     : fraction >= kWarn ? Color::kYellow
                                         : Color::kGreen;
  return "[" + terminal.paint(color, std::string(filled, '|')) +
         std::string(kMeterWidth - filled, ' ') + "]";
}

std::string waiting_line(const TopModel& model, const Terminal& terminal) {
  if (model.why_not().empty()) return "connecting …";
  return terminal.paint(Color::kRed, "not connected: " + safe(model.why_not()));
}

Lines header(const TopModel& model, const Terminal& terminal) {
  const auto& system = model.system();
  std::string first =
      system.is_null()
          ? "no metrics.system yet"
          : fmt::format(
                "{}  up {}  {:.0f} qps  p50 {:.2f} ms  p99 {:.2f} ms  {} sessions  {:.0f} events/s",
                terminal.paint(Color::kCyan, text_of(system, "node")),
                human_seconds(number_of(system, "uptime_seconds")),
                number_of(system, "qps"),
                number_of(system, "latency_p50_ms"),
                number_of(system, "latency_p99_ms"),
                count_of(system, "active_connections"),
                number_of(system, "events_per_second")
            );
  if (!model.connected())
    first = terminal.paint(Color::kRed, "not connected: " + safe(model.why_not())) + "  " + first;
  const double used = number_of(system, "memory_used_gb");
  const double limit = number_of(system, "memory_limit_gb");
  return {
      first,
      fmt::format(
          "mem {} {:.2f} of {:.1f} GB  cpu {:.0f} %  disk {:.2f} GB",
          meter(terminal, used, limit),
          used,
          limit,
          number_of(system, "cpu_percent"),
          number_of(system, "disk_used_gb")
      )};
}

/// "3 ivf, 1 idmap", and what is not active: "training 1".
std::string tiers_of(const TopModel::Index& index) {
  std::string text;
  for (const char* tier : {"merged", "ondisk", "ivf", "idmap"}) {
    const auto count =
        std::count_if(index.shard_tiers.begin(), index.shard_tiers.end(), [&](const auto& shard) {
          return shard.second == tier;
        });
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, tier);
  }
  std::map<std::string, int> states;
  for (const auto& [shard, state] : index.shard_states)
    if (state != "active") ++states[state];
  for (const auto& [state, count] : states) text += fmt::format(", {} {}", count, state);
  return text;
}

Lines index_lines(const TopModel& model, const Terminal& terminal) {
  using Named = std::pair<std::string, const TopModel::Index*>;
  std::vector<Named> busiest;
  for (const auto& [name, index] : model.indices()) busiest.emplace_back(name, &index);
  const auto qps = [&](const Named& one) {
    return model.is_fresh(one.second->searched) ? one.second->qps : 0;
  };
  std::stable_sort(busiest.begin(), busiest.end(), [&](const auto& a, const auto& b) {
    return qps(a) > qps(b);
  });
  Table table({"INDEX", ">VECTORS", ">BYTES", ">QPS", ">P50 MS", ">P99 MS", ">ROWS/S", "SHARDS"});
  for (const auto& one : busiest) {
    const auto& [name, index] = one;
    const bool searched = model.is_fresh(index->searched);
    table.row(
        {name,
         with_commas(index->vectors),
         human_bytes(index->bytes),
         fmt::format("{:.0f}", qps(one)),
         searched ? fmt::format("{:.2f}", index->p50_ms) : "-",
         searched ? fmt::format("{:.2f}", index->p99_ms) : "-",
         fmt::format("{:.0f}", model.is_fresh(index->written) ? index->rows_per_second : 0.0),
         tiers_of(*index)}
    );
  }
  Lines lines;
  std::string text = table.text(terminal);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (table.empty()) lines = {"no indices"};
  return lines;
}

Lines job_lines(const TopModel& model, const Terminal& terminal) {
  Lines lines;
  for (const auto& [id, job] : model.running_jobs())
    lines.push_back(fmt::format(
        "{}  {}  {}  {}",
        terminal.paint(Color::kBlue, id),
        text_of(job, "index"),
        text_of(job, "phase"),
        progress_bar(job, kTopBarWidth)
    ));
  if (lines.empty()) lines.emplace_back("no running jobs");
  return lines;
}

Lines alert_lines(const TopModel& model, const Terminal& terminal) {
  Lines lines;
  for (const auto& [id, alert] : model.alerts()) {
    const auto severity = text_of(alert, "severity");
    lines.push_back(fmt::format(
        "{}  {}: {}{}",
        terminal.paint(severity == "error" ? Color::kRed : Color::kYellow, severity),
        text_of(alert, "title"),
        text_of(alert, "message"),
        child(alert, "acknowledged_at").is_null() ? "" : "  (acknowledged)"
    ));
  }
  if (lines.empty()) lines.emplace_back("no open alerts");
  return lines;
}

/// At most `room` lines, the last of which counts those that do not fit.
void append_fitting(Lines& out, const Lines& lines, std::size_t room) {
  if (lines.size() <= room) {
    out.insert(out.end(), lines.begin(), lines.end());
    return;
  }
  if (room == 0) return;
  out.insert(out.end(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(room - 1));
  out.push_back(fmt::format("… and {} more", lines.size() - (room - 1)));
}

}  // namespace

std::vector<std::string> top_frame(
    const TopModel& model, const Terminal& terminal, const FrameSize& size
) {
  if (!model.has_state()) return {fitted(waiting_line(model, terminal), size.columns)};
  const Lines alerts = alert_lines(model, terminal);
  const Lines jobs = job_lines(model, terminal);
  const Lines indices = index_lines(model, terminal);
  // Alerts and jobs are few; they get up to a quarter of the screen each, indices the rest.
  const bool bounded = size.rows > 0;
  const std::size_t quarter = bounded ? std::max<std::size_t>(1, size.rows / 4) : SIZE_MAX;
  Lines frame = header(model, terminal);
  frame.emplace_back();
  append_fitting(frame, alerts, quarter);
  frame.emplace_back();
  append_fitting(frame, jobs, quarter);
  frame.emplace_back();
  const std::size_t taken = frame.size();
  append_fitting(frame, indices, !bounded ? SIZE_MAX : size.rows > taken ? size.rows - taken : 0);
  for (auto& line : frame)
    if (display_width(line) > size.columns) line = fitted(line, size.columns);
  if (bounded && frame.size() > size.rows) frame.resize(size.rows);
  return frame;
}

}  // namespace mlgraph::cli
