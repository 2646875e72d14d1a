#pragma once
// A file on its way to the server.
#include <istream>
#include <optional>
#include <string>

#include "client/http_client.h"

namespace mlgraph::cli {

/// By a file's name: what is inside, and how it is packed. `format` and `compression` say otherwise
/// where they are not empty.
/// errors kInvalidValue naming the formats.
[[nodiscard]] base::Result<client::HttpClient::UploadType> upload_type_of(
    const std::string& file, const std::string& format, const std::string& compression
);

/// The names that --format takes.
[[nodiscard]] std::vector<std::string> import_formats();

}  // namespace mlgraph::cli
