// mlgraph search: the nearest vectors.
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "cli/api.h"
#include "cli/families.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

using base::ErrorCode;
using base::Json;

constexpr std::size_t kDetailWidth = 100;

struct Search {
  std::string index;
  std::string vector;
  std::string like;
  std::uint32_t k = 10;
  std::string filter;
  std::vector<std::string> include;
  std::optional<std::uint64_t> nprobe;
  std::optional<std::uint64_t> ef;
  bool exact = false;
};

/// "[1,2]", "@FILE", or "-" for standard input.
base::Result<std::string> query_text(const std::string& given) {
  if (given != "-" && !given.starts_with('@')) return given;
  if (given == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(given.substr(1));
  if (!in) return base::fail(ErrorCode::kInvalidValue, "cannot read {}", given.substr(1));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

base::Result<std::string> query_vector(const Context& context, const Search& what) {
  if (what.like.empty()) {
    MLG_TRY(text, query_text(what.vector));
    if (const auto parsed = base::parse_json(text, {.members_max = 1 << 20});
        !parsed || !parsed->as_array())
      return base::fail(ErrorCode::kInvalidValue, "--vector is no JSON array of numbers");
    return text;
  }
  MLG_TRY(
      stored, context.http().json("GET", api_path({"indices", what.index, "vectors", what.like}))
  );
  return json_text(child(stored, "values"));
}

std::string show_hits(const Context& context, const Json& answer) {
  Table table({">DISTANCE", "ID", "METADATA", "VALUES"});
  for (const auto& hits : items_of(answer, "results"))
    if (hits.as_array())
      for (const auto& hit : *hits.as_array()) {
        const auto part = [&](const char* key) {
          const auto& found = child(hit, key);
          return found.is_null() ? std::string() : fitted(json_text(found), kDetailWidth);
        };
        table.row(
            {fmt::format("{:.5f}", number_of(hit, "distance")),
             text_of(hit, "id"),
             part("metadata"),
             part("values")}
        );
      }
  return table.text(context.terminal) + context.terminal.paint(
                                            Color::kDim,
                                            fmt::format(
                                                "{:.2f} ms, {} vectors measured\n",
                                                number_of(answer, "took_ms"),
                                                commas_of(answer, "visited")
                                            )
                                        );
}

int search(const Context& context, const Search& what) {
  if (what.vector.empty() == what.like.empty())
    return report({ErrorCode::kInvalidValue, "search takes --vector or --like, one of both", {}, {}}
    );
  if (!what.filter.empty())
    if (const auto parsed = base::parse_json(what.filter); !parsed)
      return report({ErrorCode::kInvalidValue, "--filter: " + parsed.error().message, {}, {}});
  const auto vector = query_vector(context, what);
  if (!vector) return report(vector.error());
  const auto body = json_object([&](auto& out) {
    out.key("vector");
    out.raw(*vector);
    out.member("k", what.k);
    if (what.nprobe) out.member("nprobe", *what.nprobe);
    if (what.ef) out.member("ef", *what.ef);
    if (what.exact) out.member("exact", true);
    if (!what.include.empty()) {
      out.key("include");
      out.array([&] {
        for (const auto& part : what.include)
          if (part != "none") out.value(part);
      });
    }
    if (!what.filter.empty()) {
      out.key("filter");
      out.raw(what.filter);
    }
  });
  return show_answer(
      context,
      context.http().json("POST", api_path({"indices", what.index, "search"}), body),
      show_hits
  );
}

}  // namespace

void add_search(Program& program) {
  const auto what = std::make_shared<Search>();
  auto command = program.command(
      program.root(),
      "search",
      "the nearest vectors",
      [what](const Context& context) { return search(context, *what); }
  );
  command.add_option("index", what->index, "the index or an alias of it")
      .required()
      .type_name(kIndexName);
  command.add_option("--vector", what->vector, "JSON array; @FILE; - for standard input")
      .type_name("JSON");
  command.add_option("--like", what->like, "the id of a stored vector").type_name("ID");
  command.add_option("-k", what->k, "how many").capture_default();
  command.add_option("--filter", what->filter, "conditions on metadata").type_name("JSON");
  command.add_option("--include", what->include, "what hits show; metadata unless given")
      .one_of({"metadata", "values", "none"})
      .delimiter(',');
  command.add_option("--nprobe", what->nprobe, "lists to probe in each shard");
  command.add_option("--ef", what->ef, "near vertices to keep in a graph");
  command.add_flag("--exact", what->exact, "compare with every vector");
}

}  // namespace mlgraph::cli
