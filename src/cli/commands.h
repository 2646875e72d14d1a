#pragma once
// The commands of `mlgraph`. Each returns the process's exit code.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "client/http_client.h"

namespace mlgraph::cli {

/// Stable exit codes: scripts rely on them.
enum Exit : int {
  kOk = 0,
  kServerError = 1,  ///< the server refused, or the job failed
  kUsage = 2,
  kUnreachable = 3,
  kNotAllowed = 4,  ///< 401 or 403
};

struct Context {
  client::Connection connection;
  std::string token_file;  ///< where the token came from; empty: the environment
  bool json = false;
  Terminal terminal;
};

struct CreateIndex {
  std::string name;
  std::uint32_t dimension = 0;
  std::string metric = "L2";
  std::uint32_t shards = 1;
  std::optional<std::uint64_t> ivf_threshold;
};
int create_index(const Context& context, const CreateIndex& what);
int list_indices(const Context& context);
int show_index(const Context& context, const std::string& name);
int delete_index(const Context& context, const std::string& name);
int train_index(const Context& context, const std::string& name);

struct ExportIndex {
  std::string name;
  std::string file;
  std::string format = "jsonl";
  bool gzip = false;
  bool zstd = false;
};
/// Begins an export, waits for its end and downloads its file. One that was cut short is not left
/// behind.
int export_index(const Context& context, const ExportIndex& what);

struct ImportFile {
  std::string index;
  std::string file;
  std::string id_prefix;
  std::string dataset;  ///< of an HDF5 file; empty: the server's own default
};
/// Uploads the file while a second connection shows the job's own events as a progress bar.
int import_file(const Context& context, const ImportFile& what);

struct Search {
  std::string index;
  std::string vector;  ///< JSON array
  std::string like;    ///< or: the id of a stored vector
  std::uint32_t k = 10;
  std::string filter;  ///< JSON
};
int search(const Context& context, const Search& what);

struct Watch {
  std::vector<std::string> channels;
  std::optional<std::string> since;
  bool state = false;
  std::uint64_t count = 0;     ///< stop after so many events; 0: never
  double backoff_seconds = 1;  ///< the first reconnect delay's bound, doubled up to 30 times it
};
/// Prints events until a signal, `count`, or the end of whoever reads standard output; then tells
/// on standard error the id behind the last line that was taken.
int watch(const Context& context, const Watch& what);

int list_jobs(const Context& context, const std::string& index, const std::string& state);
int cancel_job(const Context& context, const std::string& id);
int list_alerts(const Context& context);
int acknowledge_alert(const Context& context, const std::string& id);
struct CreateToken {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<std::uint64_t> expires_in_seconds;
  std::optional<std::uint64_t> rate_limit_per_minute;
};
int create_token(const Context& context, const CreateToken& what);
int list_tokens(const Context& context);
int revoke_token(const Context& context, const std::string& name);

/// The first line of `file`. errors kInvalidValue.
[[nodiscard]] base::Result<std::string> read_token(const std::string& file);
/// Prints an error to stderr and gives its exit code.
int report(const base::Error& error);
/// GET target, then print it as JSON or by `show`.
int show_json(
    const Context& context,
    const std::string& target,
    void (*show)(const Context&, const base::Json&)
);

}  // namespace mlgraph::cli
