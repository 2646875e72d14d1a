// `mlgraph`: the command line of an MLGraph server.
#include <cstdlib>
#include <functional>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/dashboard.h"
#include "cli/offline.h"
#include "cli/output.h"

namespace {

using namespace mlgraph;

std::string environment(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

struct Flags {
  std::string server = environment("MLGRAPH_URL", "http://127.0.0.1:7700");
  std::string token_file;
  std::string ca_file;
  bool insecure = false;
  bool json = false;
};

base::Result<cli::Context> make_context(const Flags& flags) {
  cli::Context context;
  MLG_TRY(url, client::parse_server_url(flags.server));
  context.connection.server = url;
  context.connection.ca_file = flags.ca_file;
  context.connection.insecure = flags.insecure;
  context.connection.token = environment("MLGRAPH_TOKEN");
  if (!flags.token_file.empty()) {
    MLG_TRY(token, cli::read_token(flags.token_file));
    context.connection.token = token;
    context.token_file = flags.token_file;
  }
  context.json = flags.json;
  return context;
}

/// Binds each subcommand to what it does; the one chosen is run after parsing.
class Program {
 public:
  Program() : app_("MLGraph: vector indices you can watch") {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--server", flags_.server, "server address (MLGRAPH_URL)")
        ->capture_default_str();
    app_.add_option(
        "--token-file",
        flags_.token_file,
        "file whose first line is the token, read again when it expires (else MLGRAPH_TOKEN)"
    );
    app_.add_option("--ca", flags_.ca_file, "certificates to trust");
    app_.add_flag("--insecure", flags_.insecure, "do not check the server's certificate");
    app_.add_flag("--json", flags_.json, "JSON instead of text");
    app_.footer("exit codes: 0 ok, 1 refused or failed, 2 usage, 3 unreachable, 4 not allowed");
    add_index();
    add_data();
    add_watching();
    add_tokens();
    add_offline();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app_.exit(error);
      return code == 0 ? cli::kOk : cli::kUsage;
    }
    if (!chosen_) {
      fmt::print(stderr, "mlgraph: backup and restore come first, before any flag\n");
      return cli::kUsage;
    }
    const auto context = make_context(flags_);
    if (!context) return cli::report(context.error());
    return chosen_(*context);
  }

 private:
  using Action = std::function<int(const cli::Context&)>;
  void bind(CLI::App* command, Action action) {
    command->callback([this, action = std::move(action)] { chosen_ = action; });
  }

  void add_index() {
    auto* index = app_.add_subcommand("index", "create, list, show, delete, train, export indices");
    index->require_subcommand(1);
    auto* create = index->add_subcommand("create", "make an index");
    create->add_option("name", create_.name)->required();
    create->add_option("--dim", create_.dimension, "numbers a vector")->required();
    create->add_option("--metric", create_.metric, "L2, IP or COSINE")->capture_default_str();
    create->add_option("--shards", create_.shards)->capture_default_str();
    create->add_option(
        "--ivf-threshold", create_.ivf_threshold, "vectors a shard at which it is trained"
    );
    bind(create, [this](const auto& c) { return cli::create_index(c, create_); });
    bind(index->add_subcommand("list", "all indices"), [](const auto& c) {
      return cli::list_indices(c);
    });
    named(index, "show", "one index", cli::show_index);
    named(index, "delete", "delete an index and its vectors", cli::delete_index);
    named(index, "train", "train an index now", cli::train_index);
    auto* exported = index->add_subcommand("export", "an index's vectors as a file");
    exported->add_option("name", export_.name)->required();
    exported->add_option("-o,--output", export_.file, "file to write")->required();
    exported
        ->add_option(
            "--format", export_.format, "jsonl, or npy (values alone, without ids and metadata)"
        )
        ->check(CLI::IsMember({"jsonl", "npy"}))
        ->capture_default_str();
    auto* gzip = exported->add_flag("--gzip", export_.gzip, "compress with gzip");
    exported->add_flag("--zstd", export_.zstd, "compress with zstd")->excludes(gzip);
    bind(exported, [this](const auto& c) { return cli::export_index(c, export_); });
  }

  void add_data() {
    auto* import = app_.add_subcommand("import", "import a file, with its progress");
    import->add_option("index", import_.index)->required();
    import
        ->add_option(
            "file", import_.file, ".jsonl, .npy, .csv, .fvecs, .bvecs or .hdf5, also in .gz or .zst"
        )
        ->required();
    import->add_option("--dataset", import_.dataset, "of an HDF5 file (else train)");
    import->add_option(
        "--id-prefix", import_.id_prefix, "before the row numbers of files without ids"
    );
    bind(import, [this](const auto& c) { return cli::import_file(c, import_); });

    auto* search = app_.add_subcommand("search", "the nearest vectors");
    search->add_option("index", search_.index)->required();
    auto* vector = search->add_option("--vector", search_.vector, "JSON array");
    auto* like = search->add_option("--like", search_.like, "id of a stored vector");
    vector->excludes(like);
    search->add_option("-k", search_.k)->capture_default_str();
    search->add_option("--filter", search_.filter, "JSON filter on metadata");
    bind(search, [this](const auto& c) {
      if (search_.vector.empty() && search_.like.empty()) {
        fmt::print(stderr, "mlgraph: search needs --vector or --like\n");
        return static_cast<int>(cli::kUsage);
      }
      return cli::search(c, search_);
    });
  }

  void add_watching() {
    auto* watch =
        app_.add_subcommand("watch", "events as they happen, e.g. watch 'job.*' 'alert.*'");
    watch->add_option("patterns", watch_.channels, "channels; all when none are given");
    watch->add_option("--since", watch_.since, "resume after this id");
    watch->add_flag("--state", watch_.state, "the state first");
    watch->add_option("--count", watch_.count, "stop after so many events");
    watch
        ->add_option(
            "--backoff",
            watch_.backoff_seconds,
            "seconds: reconnect delays are drawn up to it, twice it, … 30 times it "
            "(MLGRAPH_BACKOFF)"
        )
        ->envname("MLGRAPH_BACKOFF")
        ->check(CLI::Range(0.01, 60.0))
        ->capture_default_str();
    bind(watch, [this](const auto& c) { return cli::watch(c, watch_); });

    auto* jobs = app_.add_subcommand("jobs", "jobs, running and ended");
    jobs->add_option("--index", job_index_);
    jobs->add_option("--state", job_state_, "queued, running, completed, failed");
    bind(jobs, [this](const auto& c) {
      return cancel_.empty() ? cli::list_jobs(c, job_index_, job_state_)
                             : cli::cancel_job(c, cancel_);
    });
    jobs->add_option("--cancel", cancel_, "ask this job to stop");

    bind(app_.add_subcommand("dashboard", "a link that signs a browser in once"), cli::dashboard);

    auto* alerts = app_.add_subcommand("alerts", "open alerts");
    alerts->add_option("--ack", acknowledge_, "acknowledge this alert");
    bind(alerts, [this](const auto& c) {
      return acknowledge_.empty() ? cli::list_alerts(c) : cli::acknowledge_alert(c, acknowledge_);
    });
  }

  void add_tokens() {
    auto* token = app_.add_subcommand("token", "create, list, revoke tokens");
    token->require_subcommand(1);
    auto* create = token->add_subcommand("create", "make a token; its secret is printed once");
    create->add_option("name", token_.name)->required();
    create->add_option("--scope", token_.scopes, "e.g. 'events:job.*' 'read:*'")->required();
    create->add_option("--expires-in", token_.expires_in_seconds, "seconds");
    create->add_option("--per-minute", token_.rate_limit_per_minute, "requests");
    bind(create, [this](const auto& c) { return cli::create_token(c, token_); });
    bind(token->add_subcommand("list", "all tokens"), [](const auto& c) {
      return cli::list_tokens(c);
    });
    named(token, "revoke", "revoke a token and close its sessions", cli::revoke_token);
  }

  /// Shown in the help; main() has them run before anything is parsed.
  void add_offline() {
    app_.add_subcommand("backup", "DIR OUT: copy a data directory that no server uses; --verify");
    app_.add_subcommand("restore", "OUT DIR: make a data directory from a backup");
  }

  void named(
      CLI::App* parent,
      const char* name,
      const char* help,
      int (*action)(const cli::Context&, const std::string&)
  ) {
    auto* command = parent->add_subcommand(name, help);
    command->add_option("name", name_)->required();
    bind(command, [this, action](const auto& c) { return action(c, name_); });
  }

  CLI::App app_;
  Flags flags_;
  Action chosen_;
  std::string name_;
  cli::CreateIndex create_;
  cli::ImportFile import_;
  cli::ExportIndex export_;
  cli::Search search_;
  cli::Watch watch_;
  std::string job_index_, job_state_, cancel_, acknowledge_;
  cli::CreateToken token_;
};

}  // namespace

int main(int argc, char** argv) {
  cli::guard_standard_streams();
  if (argc > 1 && cli::is_offline_command(argv[1])) return cli::become_mlgraphd(argv);
  try {
    return Program().run(argc, argv);
  } catch (const std::system_error& error) {  // a table that nobody takes
    cli::note(std::string("mlgraph: ") + error.what());
    return cli::kServerError;
  }
}
