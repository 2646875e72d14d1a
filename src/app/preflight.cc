#include "app/preflight.h"

#include "gateway/net/tls_files.h"
#include "store/log.h"

namespace mlgraph::app {

std::vector<std::string> preflight(const Loaded& loaded) {
  std::vector<std::string> problems;
  const auto look = [&](const std::string& key, const base::Result<void>& looked) {
    if (!looked) problems.push_back(loaded.origin(key) + ": " + looked.error().message);
  };
  const auto& server = loaded.config.server;
  if (!server.tls_cert.empty() && !server.tls_key.empty())
    look("server.tls_cert", gateway::check_tls_files(server.tls_cert, server.tls_key));
  look("server.data_dir", store::DataDir::check(server.data_dir));
  return problems;
}

}  // namespace mlgraph::app
