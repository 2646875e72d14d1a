#include <array>

#include "app/dashboard_files.h"

namespace mlgraph::app {
namespace {
constexpr std::string_view kPage =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>MLGraph</title>"
    "<h1>MLGraph</h1><p>This server was built without its dashboard. "
    "The API is <a href=\"/openapi.yaml\">described here</a>; <code>mlgraph watch</code> shows the "
    "events.</p></html>";
constexpr std::array<gateway::StaticFile, 1> kFiles{
    {{"/", "text/html; charset=utf-8", "\"none\"", kPage, {}, {}}}};
}  // namespace
std::span<const gateway::StaticFile> dashboard_files() { return kFiles; }
}  // namespace mlgraph::app
