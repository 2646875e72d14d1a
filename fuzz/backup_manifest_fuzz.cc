// The manifest of a backup: as it is, and under a checksum that fits. What is read is written back
// to the same text's meaning, and no path leads out of the folder.
#include <string>

#include "backup/manifest.h"
#include "base/check.h"

namespace {

using namespace mlgraph::backup;

std::string sealed(std::string_view lines) {
  std::string text(lines);
  if (!text.ends_with('\n')) text += '\n';
  std::string hex;
  for (const auto byte : digest_of(text)) hex += fmt::format("{:02x}", byte);
  return text + "{\"blake2b\":\"" + hex + "\"}\n";
}

void look(std::string_view text) {
  const auto manifest = parse_manifest(text);
  if (!manifest) return;
  for (const auto& file : manifest->files)
    MLG_CHECK(is_backup_path(file.path) && file.path.find("..") != 0 && file.path[0] != '/');
  const auto written = format_manifest(*manifest);
  const auto again = parse_manifest(written);
  MLG_CHECK(again.has_value() && format_manifest(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look(text);
  look(sealed(text));
  return 0;
}
