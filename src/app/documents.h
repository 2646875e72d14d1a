#pragma once
// docs/api/*.yaml, compiled in.
#include <string_view>

namespace mlgraph::app {
extern const std::string_view kOpenapiYaml;
extern const std::string_view kAsyncapiYaml;
}  // namespace mlgraph::app
