// mlgraph doctor: the checks of this machine.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/doctor_checks.h"
#include "cli/json_view.h"
#include "cli/terminal.h"

namespace mlgraph::cli {
namespace {

constexpr rlim_t kFilesWanted = 4'096;
constexpr double kFullWarning = 0.8;

/// The least soft limit of this user's servers; nothing where none runs.
std::optional<rlim_t> files_of_servers() {
  std::optional<rlim_t> least;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ec)) {
    std::ifstream name_file(entry.path() / "comm");
    std::string name;
    if (!std::getline(name_file, name) || name != "mlgraphd") continue;
    std::ifstream limits(entry.path() / "limits");
    for (std::string line; std::getline(limits, line);) {
      rlim_t soft = 0;
      if (!line.starts_with("Max open files")) continue;
      std::istringstream numbers(line.substr(std::string_view("Max open files").size()));
      if (numbers >> soft) least = std::min(least.value_or(soft), soft);
    }
  }
  return least;
}

Finding out_of_sight(const std::string& name, int failure) {
  return {
      Verdict::kWrong,
      "data directory",
      fmt::format("cannot look at {}: {}", safe(name), std::strerror(failure)),
      failure == EACCES ? "run it as the server's user" : "is the path right?"};
}

Finding check_mode(const std::filesystem::path& path) {
  constexpr mode_t kPermissions = 07777;
  struct stat found {};
  const std::string name = path.string();
  if (::stat(name.c_str(), &found) != 0) return out_of_sight(name, errno);
  const auto mode = found.st_mode & kPermissions;
  const std::string saying = fmt::format("{} has mode {:04o}", safe(name), mode);
  if ((mode & (S_IRWXG | S_IRWXO)) != 0)
    return {
        Verdict::kWrong, "data directory", saying + ": others reach it", "chmod go= " + safe(name)};
  return {Verdict::kWell, "data directory", saying, {}};
}

}  // namespace

Finding check_open_files() {
  rlimit own{};
  ::getrlimit(RLIMIT_NOFILE, &own);
  const auto servers = files_of_servers();
  const rlim_t limit = servers.value_or(own.rlim_cur);
  const auto saying = fmt::format(
      "{} for {}",
      with_commas(limit),
      servers ? "the mlgraphd that runs here" : "this shell; no mlgraphd is seen to run here"
  );
  if (limit >= kFilesWanted) return {Verdict::kWell, "open files", saying, {}};
  return {
      Verdict::kWarning,
      "open files",
      saying,
      "each session costs one: LimitNOFILE= of the service, or ulimit -n, before mlgraphd starts"};
}

std::vector<Finding> check_data_directory(const std::string& folder) {
  std::vector<Finding> findings{check_mode(folder)};
  std::error_code ec;
  if (!std::filesystem::exists(folder, ec)) return findings;
  const auto token = std::filesystem::path(folder) / "admin.token";
  const bool has_token = std::filesystem::exists(token, ec);
  if (has_token)
    findings.push_back(check_mode(token));
  else if (ec)
    findings.push_back(out_of_sight(token.string(), ec.value()));
  const auto space = std::filesystem::space(folder, ec);
  if (ec || space.capacity == 0) return findings;
  const double full =
      1 - static_cast<double>(space.available) / static_cast<double>(space.capacity);
  const auto saying = fmt::format(
      "{:.0f} % full, {} free", full * 100, human_bytes(static_cast<double>(space.available))
  );
  if (full < kFullWarning)
    findings.push_back({Verdict::kWell, "disk", saying, {}});
  else
    findings.push_back(
        {Verdict::kWarning, "disk", saying, "at 90 % the server takes no more in: make room"}
    );
  return findings;
}

}  // namespace mlgraph::cli
