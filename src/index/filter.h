#pragma once
// {must, should, must_not: [ {key, match | any | range{gt,gte,lt,lte} | exists} ]} as a typed tree.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mlgraph::index {

/// A value of metadata that a filter can compare. A number is an integer if its value is one that
/// fits, however it was written: 5 and 5.0 are equal, 2^53 and 2^53 + 1 are not.
using Scalar = std::variant<bool, double, std::int64_t, std::uint64_t, std::string>;
/// Absent for null, arrays and objects.
[[nodiscard]] std::optional<Scalar> scalar_of(const base::Json& json);

struct Condition {
  struct Match {
    Scalar value;
  };
  struct Any {
    std::vector<Scalar> values;
  };
  struct Range {
    std::optional<double> gt, gte, lt, lte;  ///< compared as doubles
  };
  struct Exists {
    bool exists = true;
  };
  std::string key;  ///< a member, or a path with dots
  std::variant<Match, Any, Range, Exists> test;
};

struct Filter {
  static constexpr std::size_t kTermsMax = 1'000;  ///< conditions and values in all
  static constexpr std::size_t kDepthMax = 8;  ///< nested filters: an item may itself be {must, …}
  struct Clause {
    std::variant<Condition, std::unique_ptr<Filter>> item;
  };
  std::vector<Clause> must, should, must_not;  ///< all, any (when there are some), none
};

/// errors kInvalidValue naming the member and the limit.
[[nodiscard]] base::Result<Filter> parse_filter(const base::Json& json);

}  // namespace mlgraph::index
