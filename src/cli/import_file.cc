#include "cli/import_file.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "cli/json_view.h"

namespace mlgraph::cli {
namespace {

struct Format {
  const char* name;
  const char* content_type;
};
constexpr std::array kFormats = {
    Format{"jsonl", "application/x-ndjson"},
    Format{"ndjson", "application/x-ndjson"},
    Format{"npy", "application/x-npy"},
    Format{"csv", "text/csv"},
    Format{"fvecs", "application/x-fvecs"},
    Format{"bvecs", "application/x-bvecs"},
    Format{"h5", "application/x-hdf5"},
    Format{"hdf5", "application/x-hdf5"}};

}  // namespace

base::Result<client::HttpClient::UploadType> upload_type_of(
    const std::string& file, const std::string& format, const std::string& compression
) {
  std::filesystem::path path(file);
  client::HttpClient::UploadType type{{}, compression};
  const auto packed = path.extension();
  if (packed == ".gz" || packed == ".zst") {
    if (compression.empty()) type.content_encoding = packed == ".gz" ? "gzip" : "zstd";
    path.replace_extension();
  }
  if (type.content_encoding == "none") type.content_encoding.clear();
  const auto suffix = path.extension().string();
  const std::string wanted = !format.empty()  ? format
                             : file == "-"    ? "jsonl"
                             : suffix.empty() ? ""
                                              : suffix.substr(1);
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(), [&](const auto& one) {
    return wanted == one.name;
  });
  if (found == kFormats.end())
    return base::fail(
        base::ErrorCode::kInvalidValue,
        "the name of {} tells no format; --format jsonl, npy, csv, fvecs, bvecs or hdf5 does",
        safe(file)
    );
  type.content_type = found->content_type;
  return type;
}

std::vector<std::string> import_formats() {
  std::vector<std::string> names;
  names.reserve(std::size(kFormats));
  for (const auto& format : kFormats) names.emplace_back(format.name);
  return names;
}

}  // namespace mlgraph::cli
