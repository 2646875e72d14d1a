// mlgraph doctor: what is well, what is not, and what to do about it.
#include <memory>

#include "cli/api.h"
#include "cli/doctor_checks.h"
#include "cli/families.h"
#include "cli/program.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

constexpr std::size_t kNameWidth = 15;

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWell:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kWrong:
      return "wrong";
  }
  return "";
}

std::string lines_of(const Terminal& terminal, const Finding& finding) {
  const Color color = finding.verdict == Verdict::kWell      ? Color::kGreen
                      : finding.verdict == Verdict::kWarning ? Color::kYellow
                                                             : Color::kRed;
  std::string line = terminal.paint(color, fmt::format("{:<8}", word_of(finding.verdict))) +
                     padded(finding.what, kNameWidth) + finding.saying + "\n";
  if (!finding.remedy.empty())
    line += std::string(8 + kNameWidth, ' ') + "→ " + finding.remedy + "\n";
  return line;
}

std::string json_of(const std::vector<Finding>& findings) {
  std::string text;
  base::JsonWriter out(text);
  out.array([&] {
    for (const auto& finding : findings)
      out.object([&] {
        out.member("verdict", word_of(finding.verdict));
        out.member("check", finding.what);
        out.member("finding", finding.saying);
        out.member("remedy", finding.remedy);
      });
  });
  return text + "\n";
}

/// The first thing that is wrong decides; then warnings.
int exit_of_worst(const std::vector<Finding>& findings) {
  int code = kOk;
  for (const auto& finding : findings) {
    if (finding.verdict == Verdict::kWrong) return finding.code;
    if (finding.verdict == Verdict::kWarning) code = kWarnings;
  }
  return code;
}

int examine(const Context& context, const std::string& data_directory) {
  auto findings = check_server(context);
  if (!data_directory.empty())
    for (auto& finding : check_data_directory(data_directory))
      findings.push_back(std::move(finding));
  findings.push_back(check_open_files());
  std::string text;
  for (const auto& finding : findings) text += lines_of(context.terminal, finding);
  const int told = emit(context.json ? json_of(findings) : text);
  return told == kOk ? exit_of_worst(findings) : told;
}

}  // namespace

void add_doctor(Program& program) {
  const auto data_directory = std::make_shared<std::string>();
  auto command = program.command(
      program.root(),
      "doctor",
      "check connection, token, clock, guards and limits, with remedies",
      [data_directory](const Context& context) { return examine(context, *data_directory); }
  );
  command.add_option("--data-dir", *data_directory, "also look at a data directory on this machine")
      .type_name("DIR");
}

}  // namespace mlgraph::cli
