// mlgraph index …: what answers at once.
#include <map>
#include <memory>

#include "cli/api.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

using base::Json;

struct Tiering {
  std::optional<std::uint64_t> ivf_threshold;
  std::optional<std::uint64_t> ondisk_threshold;
  std::optional<std::uint64_t> merge_threshold;
  std::optional<std::uint64_t> compaction_percent;
  [[nodiscard]] bool given() const {
    return ivf_threshold || ondisk_threshold || merge_threshold || compaction_percent;
  }
};

struct IndexSettings {
  std::string name;
  std::uint32_t dimension = 0;
  std::string metric = "L2";
  std::uint32_t shards = 1;
  std::string type;
  std::string quantization;
  std::optional<std::uint32_t> nprobe;
  std::optional<std::uint32_t> centroids;
  Tiering tiering;
};

void write_settings(base::JsonWriter& out, const IndexSettings& what) {
  if (what.nprobe) out.member("nprobe", *what.nprobe);
  if (what.centroids) out.member("num_centroids", *what.centroids);
  if (!what.tiering.given()) return;
  const auto& tiering = what.tiering;
  out.key("tiering");
  out.object([&] {
    if (tiering.ivf_threshold) out.member("idmap_to_ivf", *tiering.ivf_threshold);
    if (tiering.ondisk_threshold) out.member("ivf_to_ondisk", *tiering.ondisk_threshold);
    if (tiering.merge_threshold) out.member("merge", *tiering.merge_threshold);
    if (tiering.compaction_percent) out.member("compaction_percent", *tiering.compaction_percent);
  });
}

int create_index(const Context& context, const IndexSettings& what) {
  const auto body = json_object([&](auto& out) {
    out.member("index_id", what.name);
    out.member("dimension", what.dimension);
    out.member("metric_type", what.metric);
    out.member("num_shards", what.shards);
    if (!what.type.empty()) out.member("index_type", what.type);
    if (!what.quantization.empty()) out.member("quantization", what.quantization);
    write_settings(out, what);
  });
  return call_and_tell(
      context, "POST", api_path({"indices"}), body, fmt::format("created {}", what.name)
  );
}

int change(const Context& context, const IndexSettings& what) {
  const auto body = json_object([&](auto& out) { write_settings(out, what); });
  return call_and_tell(
      context, "PATCH", api_path({"indices", what.name}), body, fmt::format("changed {}", what.name)
  );
}

std::string shards_in_words(const Json& index) {
  std::map<std::string, std::size_t> kinds;
  for (const auto& shard : items_of(index, "shards"))
    ++kinds[text_of(shard, "tier") + "/" + text_of(shard, "state")];
  std::string words;
  for (const auto& [kind, count] : kinds)
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, kind);
  return words;
}

std::string show_indices(const Context& context, const Json& answer) {
  Table table({"INDEX", ">DIM", "METRIC", ">VECTORS", ">DELETED", ">BYTES", "SHARDS"});
  for (const auto& index : items_of(answer, "indices"))
    table.row(
        {text_of(index, "index_id"),
         std::to_string(count_of(index, "dimension")),
         text_of(index, "metric_type"),
         commas_of(index, "vectors"),
         commas_of(index, "deleted"),
         human_bytes(number_of(index, "bytes")),
         shards_in_words(index)}
    );
  return table.empty() ? "no indices\n" : table.text(context.terminal);
}

std::string show_index(const Context& context, const Json& index) {
  const auto& tiering = child(index, "tiering");
  std::string text = fmt::format(
      "index      {}\ndimension  {}\nmetric     {}\ntype       {}, quantization {}\n"
      "vectors    {} ({} deleted)\nbytes      {}\ncreated    {}\n"
      "tiering    ivf at {}, on disk at {}, merged at {} vectors a shard; compacted at {} %\n\n",
      text_of(index, "index_id"),
      count_of(index, "dimension"),
      text_of(index, "metric_type"),
      text_of(index, "index_type"),
      text_of(index, "quantization"),
      commas_of(index, "vectors"),
      commas_of(index, "deleted"),
      human_bytes(number_of(index, "bytes")),
      text_of(index, "created_at"),
      commas_of(tiering, "idmap_to_ivf"),
      commas_of(tiering, "ivf_to_ondisk"),
      commas_of(tiering, "merge"),
      count_of(tiering, "compaction_percent")
  );
  Table table({">SHARD", "NODE", "TIER", "STATE", ">VECTORS", ">BYTES", "SINCE"});
  for (const auto& shard : items_of(index, "shards"))
    table.row(
        {std::to_string(count_of(shard, "shard")),
         text_of(shard, "node"),
         text_of(shard, "tier"),
         text_of(shard, "state"),
         commas_of(shard, "vectors"),
         human_bytes(number_of(shard, "bytes")),
         text_of(shard, "since")}
    );
  return text + table.text(context.terminal);
}

void add_settings(Command command, IndexSettings& what) {
  command.add_option("--nprobe", what.nprobe, "lists that a search probes; 0: as calibrated");
  command.add_option(
      "--centroids", what.centroids, "lists of a trained part; 0: chosen at training"
  );
  command.add_option(
      "--ivf-threshold", what.tiering.ivf_threshold, "vectors a shard at which it is trained"
  );
  command.add_option(
      "--ondisk-threshold",
      what.tiering.ondisk_threshold,
      "vectors a shard at which it goes to disk"
  );
  command.add_option(
      "--merge-threshold", what.tiering.merge_threshold, "vectors a shard at which all are merged"
  );
  command.add_option(
      "--compaction-percent",
      what.tiering.compaction_percent,
      "share of deleted vectors at which a shard is compacted"
  );
}

}  // namespace

void add_index_commands(Program& program) {
  const auto group = program.group(
      program.root(), "index", "make, look at, change and arrange indices; carry them as files"
  );
  program.command(group, "list", "all indices", [](const Context& context) {
    return get_and_show(context, api_path({"indices"}), show_indices);
  });
  const auto name = std::make_shared<std::string>();
  program
      .command(
          group,
          "show",
          "one index with its shards",
          [name](const Context& context) {
            return get_and_show(context, api_path({"indices", *name}), show_index);
          }
      )
      .add_option("index", *name, "the index or an alias of it")
      .required()
      .type_name(kIndexName);

  const auto what = std::make_shared<IndexSettings>();
  auto made = program.command(group, "create", "make an index", [what](const Context& context) {
    return create_index(context, *what);
  });
  made.add_option("name", what->name, "its name").required();
  made.add_option("--dim", what->dimension, "numbers a vector").required();
  made.add_option("--metric", what->metric, "how near is measured")
      .one_of({"L2", "IP", "COSINE"})
      .capture_default();
  made.add_option("--shards", what->shards, "parts that are held side by side").capture_default();
  made.add_option("--type", what->type, "of its sealed parts; IDMap stays flat and exact")
      .one_of({"auto", "IDMap", "IVFFlat", "HNSW"});
  made.add_option("--quantization", what->quantization, "how sealed parts hold values in memory")
      .one_of({"none", "f16", "int8"});
  add_settings(made, *what);
  auto changed = program.command(
      group,
      "set",
      "change an index's settings; those left out stay",
      [what](const Context& context) { return change(context, *what); }
  );
  changed.add_option("index", what->name, "the index").required().type_name(kIndexName);
  add_settings(changed, *what);
  program
      .command(
          group,
          "delete",
          "delete an index and its vectors",
          [name](const Context& context) {
            return call_and_tell(
                context,
                "DELETE",
                api_path({"indices", *name}),
                {},
                fmt::format("deleted {}", safe(*name))
            );
          }
      )
      .add_option("index", *name, "the index")
      .required()
      .type_name(kIndexName);
}

}  // namespace mlgraph::cli
