#include <fmt/ranges.h>

#include "app/reload.h"
#include "app/server.h"
#include "app/server_options.h"
#include "base/log.h"

namespace mlgraph::app {
namespace {

using base::LogLevel;

std::string refused(const std::vector<std::string>& problems) {
  for (const auto& problem : problems)
    base::log(LogLevel::kError, "the configuration was not reloaded", "reason", problem);
  return fmt::format("the configuration was not reloaded: {}", problems.front());
}

}  // namespace

std::string Server::reload(const Loaded& wanted) {
  const auto refuse = [this](const std::vector<std::string>& problems) {
    metrics_.config_reloaded = false;
    return refused(problems);
  };
  if (!wanted.problems.empty()) return refuse(wanted.problems);
  auto found = changes(config_, wanted.config);
  // The certificate is all that can still fail, so it comes first.
  if (auto reloaded = gateway_->reload(server_options(found.next)); !reloaded)
    return refuse({reloaded.error().message});
  config_ = std::move(found.next);
  sessions_->limits = session_limits(config_);
  hub_.set_stall_limit(std::chrono::seconds(config_.limits.stall_seconds));
  compute_.set_queue_max(config_.limits.compute_queue);
  origins_.store(std::make_shared<gateway::OriginPolicy>(config_.server.allowed_origins));
  hosts_.store(std::make_shared<gateway::HostPolicy>(config_.server.allowed_hosts));
  alerts_.set_memory_guard(config_.memory.guard);
  metrics_.config_reloaded = true;
  base::log(
      LogLevel::kInfo,
      "configuration reloaded",
      "changed",
      fmt::format("{}", fmt::join(found.live, ","))
  );
  base::set_log_level(config_.log.level);
  if (found.restart.empty()) return "serving on " + address();
  const auto names = fmt::format("{}", fmt::join(found.restart, ","));
  base::log(LogLevel::kWarn, "settings need a restart", "settings", names);
  return fmt::format("serving on {}; needs a restart: {}", address(), names);
}

}  // namespace mlgraph::app
