#include "cli/context.h"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

#include "cli/context_store.h"
#include "cli/output.h"

namespace mlgraph::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

constexpr const char* kDefaultServer = "http://127.0.0.1:7700";

}  // namespace

client::StreamOptions Context::stream_options() const {
  client::StreamOptions options;
  if (!token_file.empty())
    options.token = [file = token_file] { return read_token(file).value_or(""); };
  return options;
}

base::Result<std::string> read_token(std::istream& in, const std::string& name) {
  std::string token;
  if (!std::getline(in, token))
    return base::fail(base::ErrorCode::kInvalidValue, "cannot read a token from {}", name);
  return token;
}

base::Result<std::string> read_token(const std::string& file) {
  std::ifstream in(file);
  return read_token(in, file);
}

bool is_open_to_others(const std::string& file) {
  struct stat found {};
  return ::stat(file.c_str(), &found) == 0 && (found.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

base::Result<Context> make_context(const Flags& flags) {
  std::optional<StoredContext> stored;
  const std::string url_of_environment = environment("MLGRAPH_URL");
  if (!flags.context.empty() || (flags.server.empty() && url_of_environment.empty())) {
    MLG_TRY(contexts, load_contexts());
    const std::string& name = flags.context.empty() ? contexts.current : flags.context;
    if (const auto found = contexts.named.find(name); found != contexts.named.end())
      stored = found->second;
    else if (!flags.context.empty())
      return tl::unexpected(unknown_context(contexts, name));
  }
  const bool stored_first = stored && !flags.context.empty();
  std::string url = flags.server;
  if (url.empty() && stored_first) url = stored->url;
  if (url.empty()) url = url_of_environment;
  if (url.empty() && stored) url = stored->url;
  if (url.empty()) url = kDefaultServer;
  if (stored && url != stored->url) stored.reset();

  Context context;
  MLG_TRY(server, client::parse_server_url(url));
  context.connection.server = server;
  context.connection.ca_file = flags.ca_file;
  if (flags.ca_file.empty() && stored) context.connection.ca_file = stored->ca_file;
  context.connection.insecure = flags.insecure;
  context.timeouts.silence =
      std::chrono::milliseconds(static_cast<std::int64_t>(flags.timeout_seconds * 1'000));
  context.json = flags.json;

  context.token_file = flags.token_file;
  std::string token = flags.token_file.empty() ? environment("MLGRAPH_TOKEN") : "";
  const bool takes_stored =
      stored && flags.token_file.empty() &&
      (token.empty() || (stored_first && !(stored->token.empty() && stored->token_file.empty())));
  if (takes_stored) {
    token = stored->token;
    context.token_file = stored->token_file;
  }
  if (!context.token_file.empty()) {
    MLG_TRY(from_file, read_token(context.token_file));
    token = from_file;
    if (is_open_to_others(context.token_file))
      note(
          "mlgraph: others may read the token in " + context.token_file + ": chmod 600 " +
          context.token_file
      );
  }
  context.connection.token = token;
  return context;
}

}  // namespace mlgraph::cli
