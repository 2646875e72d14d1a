#include "index/index_spec.h"

#include <array>

#include "index/engine_impl.h"
#include "model/names.h"

namespace mlgraph::index {
namespace {

using base::ErrorCode;
using base::fail_at;
using base::Json;
using base::Result;

constexpr std::uint64_t kCountMax = std::uint64_t{1} << 40;
constexpr std::uint32_t kCentroidsMax = 65'536;
constexpr std::uint32_t kNprobeMax = 65'536;

/// The member as a whole number in [min, max]; `otherwise` when absent. `within` is the object it
/// stands in, as it is told: "tiering.".
Result<std::uint64_t> whole(
    const Json& json,
    const std::string& key,
    std::uint64_t min,
    std::uint64_t max,
    std::uint64_t otherwise,
    const std::string& within = {}
) {
  const auto* value = json.find(key);
  if (!value) return otherwise;
  const auto number = value->as_uint();
  if (!number || *number < min || *number > max) {
    std::string shown;
    base::JsonWriter(shown).value(*value);
    return fail_at(
        within + key,
        ErrorCode::kInvalidValue,
        "{} is {}, it must be a whole number from {} to {}",
        within + key,
        model::printable(shown),
        min,
        max
    );
  }
  return *number;
}

Result<std::string> word(const Json& json, const std::string& key, const std::string& otherwise) {
  const auto* value = json.find(key);
  if (!value) return otherwise;
  if (!value->as_string())
    return fail_at(
        key, ErrorCode::kInvalidValue, "{} must be a text, not {}", key, value->type_name()
    );
  return *value->as_string();
}

Result<model::Tiering> tiering(const Json& json, model::Tiering so_far) {
  const auto* value = json.find("tiering");
  if (!value) return so_far;
  if (!value->as_object())
    return fail_at(
        "tiering", ErrorCode::kInvalidValue, "tiering must be an object, not {}", value->type_name()
    );
  const std::string within = "tiering.";
  MLG_TRY(to_ivf, whole(*value, "idmap_to_ivf", 1, kCountMax, so_far.idmap_to_ivf, within));
  MLG_TRY(to_ondisk, whole(*value, "ivf_to_ondisk", 1, kCountMax, so_far.ivf_to_ondisk, within));
  MLG_TRY(merge, whole(*value, "merge", 1, kCountMax, so_far.merge, within));
  MLG_TRY(percent, whole(*value, "compaction_percent", 1, 100, so_far.compaction_percent, within));
  return model::Tiering{to_ivf, to_ondisk, merge, static_cast<std::uint32_t>(percent)};
}

Result<std::string> index_type(const Json& json) {
  MLG_TRY(text, word(json, "index_type", "auto"));
  if (text == "IVF") return std::string("IVFFlat");
  constexpr std::array<std::string_view, 4> kKnown = {"auto", kFlatType, "IVFFlat", kGraphType};
  for (const auto known : kKnown)
    if (text == known) return text;
  return fail_at(
      "index_type",
      ErrorCode::kInvalidValue,
      "index_type '{}' is none of auto, IDMap, IVFFlat, HNSW",
      model::printable(text)
  );
}

}  // namespace

Result<model::Index> parse_index_spec(const Json& spec, const std::string& node) {
  if (!spec.as_object())
    return base::fail(
        ErrorCode::kBadRequest, "the body must be a JSON object, not {}", spec.type_name()
    );
  model::Index index;
  MLG_TRY(id, word(spec, "index_id", ""));
  MLG_TRY_VOID(model::check_entity_name("index_id", id));
  index.index_id = id;
  if (!spec.find("dimension"))
    return fail_at(
        "dimension",
        ErrorCode::kInvalidValue,
        "dimension is missing: a whole number from 1 to {}",
        kDimensionMax
    );
  MLG_TRY(dimension, whole(spec, "dimension", 1, kDimensionMax, 0));
  index.dimension = static_cast<std::uint32_t>(dimension);
  MLG_TRY(metric, word(spec, "metric_type", "L2"));
  const auto parsed_metric = model::parse_metric(metric);
  if (!parsed_metric)
    return fail_at(
        "metric_type",
        ErrorCode::kInvalidValue,
        "metric_type '{}' is none of L2, IP, COSINE",
        model::printable(metric)
    );
  index.metric_type = *parsed_metric;
  MLG_TRY(type, index_type(spec));
  index.index_type = type;
  MLG_TRY(shards, whole(spec, "num_shards", 1, kShardsMax, 1));
  MLG_TRY(centroids, whole(spec, "num_centroids", 0, kCentroidsMax, 0));
  index.num_centroids = static_cast<std::uint32_t>(centroids);
  MLG_TRY(nprobe, whole(spec, "nprobe", 0, kNprobeMax, 0));
  index.nprobe = static_cast<std::uint32_t>(nprobe);
  MLG_TRY(quantization, word(spec, "quantization", "none"));
  if (quantization != "none" && quantization != kFloat16 && quantization != kInt8)
    return fail_at(
        "quantization",
        ErrorCode::kInvalidValue,
        "quantization '{}' is none of none, f16, int8",
        model::printable(quantization)
    );
  index.quantization = quantization;
  MLG_TRY(levels, tiering(spec, {}));
  index.tiering = levels;
  for (std::uint32_t i = 0; i < shards; ++i) {
    model::Shard shard;
    shard.shard = i;
    shard.node = node;
    index.shards.push_back(std::move(shard));
  }
  return index;
}

Result<PatchedIndex> apply_patch(const model::Index& object, const Json& changes) {
  if (!changes.as_object())
    return base::fail(
        ErrorCode::kBadRequest, "the body must be a JSON object, not {}", changes.type_name()
    );
  PatchedIndex patched{object, {}};
  MLG_TRY(levels, tiering(changes, object.tiering));
  MLG_TRY(nprobe, whole(changes, "nprobe", 0, kNprobeMax, object.nprobe));
  MLG_TRY(centroids, whole(changes, "num_centroids", 0, kCentroidsMax, object.num_centroids));
  patched.object.tiering = levels;
  patched.object.nprobe = static_cast<std::uint32_t>(nprobe);
  patched.object.num_centroids = static_cast<std::uint32_t>(centroids);
  if (!(levels == object.tiering)) patched.changed.push_back("tiering");
  if (nprobe != object.nprobe) patched.changed.push_back("nprobe");
  if (centroids != object.num_centroids) patched.changed.push_back("num_centroids");

  // Members that make an index what it is: giving them is harmless only if they are as they were.
  std::string current;
  base::JsonWriter out(current);
  model::write(out, object);
  MLG_TRY(as_json, base::parse_json(current));
  for (const char* key :
       {"index_id", "dimension", "metric_type", "index_type", "num_shards", "quantization"}) {
    const auto* given = changes.find(key);
    if (!given) continue;
    std::string wanted;
    std::string is;
    base::JsonWriter(wanted).value(*given);
    base::JsonWriter(is).value(*as_json.find(key));
    if (wanted != is)
      return fail_at(
          key,
          ErrorCode::kInvalidValue,
          "{} is {} and cannot be changed to {}",
          key,
          is,
          model::printable(wanted)
      );
  }
  return patched;
}

}  // namespace mlgraph::index
