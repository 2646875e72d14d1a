// `mlgraph`: the command line of an MLGraph server.
#include <exception>
#include <string>
#include <string_view>

#include "cli/completion.h"
#include "cli/exit.h"
#include "cli/families.h"
#include "cli/offline.h"
#include "cli/output.h"
#include "cli/program.h"

namespace {

using namespace mlgraph;

int run(int argc, char** argv) {
  cli::Program program;
  cli::add_context_commands(program);
  cli::add_index_commands(program);
  cli::add_index_jobs(program);
  cli::add_alias_commands(program);
  cli::add_import(program);
  cli::add_search(program);
  cli::add_watch(program);
  cli::add_top(program);
  cli::add_job_commands(program);
  cli::add_alert_commands(program);
  cli::add_token_commands(program);
  cli::add_bench_commands(program);
  cli::add_doctor(program);
  cli::add_dashboard(program);
  cli::add_offline_commands(program);
  cli::add_completion(program);
  cli::add_man(program);
  if (argc > 1 && std::string_view(argv[1]) == cli::kCompleteCommand)
    return cli::complete(program, {argv + 2, argv + argc});
  return program.run(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  cli::guard_standard_streams();
  if (argc > 1 && cli::is_offline_command(argv[1])) return cli::become_mlgraphd(argv);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    cli::note(std::string("mlgraph: ") + error.what());
    return cli::kRefused;
  }
}
