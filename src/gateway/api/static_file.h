#pragma once
#include <string_view>

namespace mlgraph::gateway {

/// A file that is compiled in, with what it is worth compressed. Memory: the program's own.
struct StaticFile {
  std::string_view path;  ///< "/" or "/assets/<name>-<hash>.js"
  std::string_view content_type;
  std::string_view etag;  ///< with its quotes: a hash of the bytes
  std::string_view bytes;
  std::string_view gzip;
  std::string_view brotli;
};

}  // namespace mlgraph::gateway
