// mlgraph bench …: a small honest load. Its client shares the machine with the server where both
// run on one: what it measures is what this client sees.
#include <algorithm>
#include <memory>
#include <random>

#include "base/clock.h"
#include "base/random.h"
#include "cli/api.h"
#include "cli/bench_run.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "client/http_session.h"
#include "client/probe.h"

namespace mlgraph::cli {
namespace {

using base::Json;

constexpr std::uint32_t kClientsMax = 256;
constexpr double kSecondsMax = 3'600;
constexpr std::uint64_t kQueriesMax = 1'000;  // a page of stored vectors

struct SearchBench : BenchPlan {
  std::string index;
  std::uint32_t k = 10;
  std::optional<std::uint64_t> nprobe;
  std::optional<std::uint64_t> ef;
  bool exact = false;
};

struct Ingest : BenchPlan {
  std::uint32_t dimension = 128;
  std::uint32_t batch = 100;
  std::uint32_t shards = 1;
  bool keep = false;
};

struct WatchBench : BenchPlan {
  std::vector<std::string> channels;
};

/// One call and its time; false: it failed, and a moment's pause is due.
bool timed_call(
    client::HttpSession& session,
    const std::string& target,
    const std::string& body,
    std::uint64_t items,
    BenchCounts& counts
) {
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = session.exchange({.method = "POST", .target = target, .body = body});
  const auto took = std::chrono::steady_clock::now() - begin;
  if (answer && answer->status < 300) {
    counts.record(took, items);
    return true;
  }
  const auto failure = answer ? client::json_of(*answer) : tl::unexpected(answer.error());
  counts.fail(failure ? "unexpected answer" : failure.error().message);
  return false;
}

void pause_after_failure() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

int bench_search(const Context& context, const SearchBench& what) {
  const auto page = context.http().json(
      "GET", fmt::format("{}?limit={}", api_path({"indices", what.index, "vectors"}), kQueriesMax)
  );
  if (!page) return report(page.error());
  std::vector<std::string> bodies;
  for (const auto& vector : items_of(*page, "vectors"))
    bodies.push_back(json_object([&](auto& out) {
      out.member("vector", child(vector, "values"));
      out.member("k", what.k);
      if (what.nprobe) out.member("nprobe", *what.nprobe);
      if (what.ef) out.member("ef", *what.ef);
      if (what.exact) out.member("exact", true);
    }));
  if (bodies.empty())
    return report(
        {base::ErrorCode::kConflict, safe(what.index) + " has no vectors to search for", {}, {}}
    );
  const auto target = api_path({"indices", what.index, "search"});
  BenchCounts counts;
  const double seconds = run_clients(what, [&](std::uint32_t number, const auto& go_on) {
    client::HttpSession session(context.connection, context.timeouts);
    for (std::size_t at = number; go_on(); at += what.clients)
      if (!timed_call(session, target, bodies[at % bodies.size()], 1, counts))
        pause_after_failure();
  });
  return tell_bench(
      context,
      "search",
      "searches",
      what,
      seconds,
      counts,
      fmt::format("queries: {} stored vectors, which find themselves", bodies.size())
  );
}

std::string batch_of(const Ingest& what, std::uint32_t client, std::uint64_t number) {
  std::minstd_rand random(client * 7'919U + static_cast<std::uint32_t>(number));
  std::uniform_real_distribution<float> draw(-1, 1);
  return json_object([&](auto& out) {
    out.key("vectors");
    out.array([&] {
      for (std::uint32_t row = 0; row < what.batch; ++row)
        out.object([&] {
          out.member("id", fmt::format("c{}-{}-{}", client, number, row));
          out.key("values");
          out.array([&] {
            for (std::uint32_t at = 0; at < what.dimension; ++at) out.value(draw(random));
          });
        });
    });
  });
}

/// Into an index of its own, which is deleted again.
int bench_ingest(const Context& context, const Ingest& what) {
  const auto name = "bench-" + base::random_name(8);
  const auto http = context.http();
  const auto made = http.json("POST", api_path({"indices"}), json_object([&](auto& out) {
                                out.member("index_id", name);
                                out.member("dimension", what.dimension);
                                out.member("num_shards", what.shards);
                              }));
  if (!made) return report(made.error());
  const auto target = api_path({"indices", name, "vectors"});
  BenchCounts counts;
  const double seconds = run_clients(what, [&](std::uint32_t number, const auto& go_on) {
    client::HttpSession session(context.connection, context.timeouts);
    for (std::uint64_t batch = 0; go_on(); ++batch)
      if (!timed_call(session, target, batch_of(what, number, batch), what.batch, counts))
        pause_after_failure();
  });
  std::string remark = fmt::format(
      "batches of {} random vectors of {} numbers as JSON, made by the clients meanwhile; latency "
      "is "
      "a batch's",
      what.batch,
      what.dimension
  );
  if (what.keep)
    remark += "; kept as " + name;
  else if (const auto gone = http.json("DELETE", api_path({"indices", name})); !gone)
    remark += "; " + name + " could not be deleted: " + safe(gone.error().message);
  return tell_bench(context, "ingest", "vectors", what, seconds, counts, remark);
}

int bench_watch(const Context& context, const WatchBench& what) {
  const auto probed = client::probe(context.connection);
  if (!probed) return report(probed.error());
  BenchCounts counts;
  const double seconds = run_clients(what, [&](std::uint32_t, const auto& go_on) {
    auto options = context.stream_options();
    if (!what.channels.empty()) options.channels = what.channels;
    client::EventStream stream(context.connection, options);
    std::atomic<bool> done{false};
    std::thread end([&] {
      while (go_on() && !done) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      stream.stop();
    });
    const auto outcome = stream.run(
        [&](const client::StreamMessage& message) {
          if (message.type.find('.') == std::string::npos) return client::Take::kMore;
          const auto at = base::parse_timestamp(text_of(*message.json, "timestamp"));
          if (at)
            counts.record(std::chrono::milliseconds(base::SystemClock().wall_now().ms - at->ms), 1);
          return client::Take::kMore;
        },
        [&](const client::StreamStatus& status) {
          if (status.kind == client::StreamStatus::Kind::kDisconnected) counts.fail(status.reason);
        }
    );
    if (!outcome) counts.fail(outcome.error().message);
    done = true;
    end.join();
  });
  return tell_bench(
      context,
      "watch",
      "events",
      what,
      seconds,
      counts,
      fmt::format(
          "latency: from an event's timestamp to here, in whole milliseconds; the server's clock "
          "is "
          "{} ms ahead of this one",
          probed->clock_difference.count()
      )
  );
}

void add_plan(Command command, BenchPlan& plan) {
  command.add_option("--clients", plan.clients, "at once, a connection each")
      .in_range(1U, kClientsMax)
      .type_name("COUNT")
      .capture_default();
  command.add_option("--seconds", plan.seconds, "for how long")
      .in_range(0.1, kSecondsMax)
      .type_name("SECONDS")
      .capture_default();
}

}  // namespace

void add_bench_commands(Program& program) {
  const auto group =
      program.group(program.root(), "bench", "a small load, and what this client sees of it");
  const auto search = std::make_shared<SearchBench>();
  auto searching = program.command(
      group,
      "search",
      "search an index for vectors that it holds",
      [search](const Context& context) { return bench_search(context, *search); }
  );
  searching.add_option("index", search->index, "the index").required().type_name(kIndexName);
  add_plan(searching, *search);
  searching.add_option("-k", search->k, "nearest of each search").capture_default();
  searching.add_option("--nprobe", search->nprobe, "lists to probe in each shard");
  searching.add_option("--ef", search->ef, "near vertices to keep in a graph");
  searching.add_flag("--exact", search->exact, "compare with every vector");

  const auto ingest = std::make_shared<Ingest>();
  auto writing = program.command(
      group,
      "ingest",
      "write random vectors into an index of its own, which is deleted again",
      [ingest](const Context& context) { return bench_ingest(context, *ingest); }
  );
  add_plan(writing, *ingest);
  writing.add_option("--dim", ingest->dimension, "numbers a vector")
      .in_range(1U, 16'384U)
      .capture_default();
  writing.add_option("--batch", ingest->batch, "vectors a call")
      .in_range(1U, 10'000U)
      .capture_default();
  writing.add_option("--shards", ingest->shards, "of the index")
      .in_range(1U, 64U)
      .capture_default();
  writing.add_flag("--keep", ingest->keep, "do not delete the index");

  const auto watch = std::make_shared<WatchBench>();
  auto watching = program.command(
      group,
      "watch",
      "subscribe many times and measure how late events come",
      [watch](const Context& context) { return bench_watch(context, *watch); }
  );
  watching.add_option("patterns", watch->channels, "channels; all when none are given")
      .type_name("CHANNEL");
  add_plan(watching, *watch);
}

}  // namespace mlgraph::cli
