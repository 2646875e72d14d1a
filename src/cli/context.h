#pragma once
// What every command is given: which server, who we are to it, and how to show things.
#include <istream>
#include <string>

#include "base/error.h"
#include "cli/terminal.h"
#include "client/event_stream.h"
#include "client/http_client.h"

namespace mlgraph::cli {

struct Context {
  client::Connection connection;
  client::Timeouts timeouts;
  std::string token_file;  ///< where the token came from; empty: elsewhere
  bool json = false;
  Terminal terminal;

  [[nodiscard]] client::HttpClient http() const { return client::HttpClient(connection, timeouts); }
  /// Options of a stream whose token is read again from its file.
  [[nodiscard]] client::StreamOptions stream_options() const;
};

/// The global options, as given.
struct Flags {
  std::string context;
  std::string server;
  std::string token_file;
  std::string ca_file;
  bool insecure = false;
  bool json = false;
  double timeout_seconds = 60;
};

/// Flags go before the environment (MLGRAPH_URL, MLGRAPH_TOKEN), that goes before the current
/// stored context, which is not looked at where the address is given; a context that a flag names
/// goes before the environment. A stored token goes only to the address it is stored with.
/// errors  kInvalidValue: an address, file or context that is none.
[[nodiscard]] base::Result<Context> make_context(const Flags& flags);

/// The first line of `in`, which `name` names. errors kInvalidValue.
[[nodiscard]] base::Result<std::string> read_token(std::istream& in, const std::string& name);
/// The first line of `file`. errors kInvalidValue.
[[nodiscard]] base::Result<std::string> read_token(const std::string& file);
/// Whether others than its owner may read or change the file.
[[nodiscard]] bool is_open_to_others(const std::string& file);

}  // namespace mlgraph::cli
