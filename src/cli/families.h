#pragma once
// The families of commands: each adds its own to the tree. One line here and one in main.cc.

namespace mlgraph::cli {

class Program;

void add_context_commands(Program& program);
void add_index_commands(Program& program);
void add_index_jobs(Program& program);
void add_index_recall(Program& program);  // by add_index_jobs: in the order of the help
void add_alias_commands(Program& program);
void add_import(Program& program);
void add_search(Program& program);
void add_watch(Program& program);
void add_top(Program& program);
void add_job_commands(Program& program);
void add_alert_commands(Program& program);
void add_token_commands(Program& program);
void add_bench_commands(Program& program);
void add_doctor(Program& program);
void add_dashboard(Program& program);
void add_offline_commands(Program& program);
void add_completion(Program& program);
void add_man(Program& program);

}  // namespace mlgraph::cli
