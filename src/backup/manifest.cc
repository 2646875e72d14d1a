#include "backup/manifest.h"

#include <algorithm>
#include <optional>
#include <set>

#include <sodium.h>

#include "base/json.h"
#include "model/names.h"

namespace mlgraph::backup {

using base::ErrorCode;
using base::fail;
using base::Json;
using base::Result;

namespace {

std::string hex(const Digest& digest) {
  std::string text(2 * digest.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
  text.pop_back();
  return text;
}

std::optional<Digest> parse_hex(const Json* json) {
  Digest digest{};
  if (!json || !json->as_string() || json->as_string()->size() != 2 * digest.size())
    return std::nullopt;
  const std::string& text = *json->as_string();
  std::size_t size = 0;
  if (sodium_hex2bin(
          digest.data(), digest.size(), text.data(), text.size(), nullptr, &size, nullptr
      ) != 0 ||
      size != digest.size() || hex(digest) != text)
    return std::nullopt;
  return digest;
}

std::string last_line(std::string_view before) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] { out.member("blake2b", hex(digest_of(before))); });
  return text;
}

Result<std::uint64_t> number(const Json& line, std::string_view key) {
  const auto* value = line.find(key);
  const auto found = value ? value->as_uint() : std::nullopt;
  if (!found) return fail(ErrorCode::kCorrupt, "'{}' is no number", key);
  return *found;
}

std::uint64_t pieces_of(std::uint64_t bytes) {
  return bytes / kPieceBytes + (bytes % kPieceBytes > 0 ? 1 : 0);
}

Result<BackupFile> parse_file(const Json& line) {
  BackupFile file;
  const auto* path = line.find("path");
  if (!path || !path->as_string() || !is_backup_path(*path->as_string()))
    return fail(
        ErrorCode::kCorrupt,
        "'{}' is no file of a backup",
        path && path->as_string() ? model::printable(*path->as_string()) : ""
    );
  file.path = *path->as_string();
  MLG_TRY(bytes, number(line, "bytes"));
  file.bytes = bytes;
  const auto* pieces = line.find("pieces");
  if (!pieces || !pieces->as_array() || pieces->as_array()->size() != pieces_of(bytes))
    return fail(
        ErrorCode::kCorrupt,
        "{} of {} bytes must have {} checksums",
        file.path,
        bytes,
        pieces_of(bytes)
    );
  for (const auto& piece : *pieces->as_array()) {
    const auto digest = parse_hex(&piece);
    if (!digest) return fail(ErrorCode::kCorrupt, "{} has a checksum that is none", file.path);
    file.pieces.push_back(*digest);
  }
  return file;
}

Result<std::uint64_t> parse_first(const Json& line, Manifest& manifest) {
  MLG_TRY(format, number(line, "mlgraph_backup"));
  if (format != kBackupFormat)
    return fail(
        ErrorCode::kInvalidValue,
        "the backup is of format {}, this version reads {}: use a newer mlgraphd",
        format,
        kBackupFormat
    );
  MLG_TRY(data_format, number(line, "data_format"));
  MLG_TRY(piece_bytes, number(line, "piece_bytes"));
  if (data_format < 1 || data_format > 1'000'000 || piece_bytes != kPieceBytes)
    return fail(ErrorCode::kCorrupt, "data_format {} or piece_bytes {}", data_format, piece_bytes);
  const auto* id = line.find("id");
  const auto* made_at = line.find("made_at");
  const auto at =
      made_at && made_at->as_string() ? base::parse_timestamp(*made_at->as_string()) : std::nullopt;
  if (!id || !id->as_string() || !at) return fail(ErrorCode::kCorrupt, "id or made_at is missing");
  manifest.data_format = static_cast<int>(data_format);
  manifest.id = *id->as_string();
  manifest.made_at = *at;
  return number(line, "files");
}

/// The next line without its end; nullopt when there is none that ends.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

tl::unexpected<base::Error> in_line(std::size_t line, const base::Error& why) {
  return fail(why.code, "{} line {}: {}", kManifestName, line, why.message);
}

}  // namespace

Digest digest_of(std::string_view bytes) {
  Digest digest{};
  crypto_generichash(
      digest.data(),
      digest.size(),
      reinterpret_cast<const unsigned char*>(bytes.data()),
      bytes.size(),
      nullptr,
      0
  );
  return digest;
}

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files) sum += file.bytes;
  return sum;
}

bool is_backup_path(std::string_view path) {
  if (path == "FORMAT" || path == "admin.token") return true;
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return false;
  const auto folder = path.substr(0, slash);
  const auto name = path.substr(slash + 1);
  constexpr std::string_view kOthers = "._-";
  return (folder == "log" || folder == "vectors" || folder == "parts") && !name.empty() &&
         name.size() <= 200 && name[0] != '.' && std::all_of(name.begin(), name.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kOthers.find(c) != std::string_view::npos;
         });
}

std::string format_manifest(const Manifest& manifest) {
  std::string text;
  {
    base::JsonWriter out(text);
    out.object([&] {
      out.member("mlgraph_backup", kBackupFormat);
      out.member("made_at", base::format_timestamp(manifest.made_at));
      out.member("data_format", manifest.data_format);
      out.member("id", manifest.id);
      out.member("piece_bytes", kPieceBytes);
      out.member("files", manifest.files.size());
    });
  }
  text += "\n";
  for (const auto& file : manifest.files) {
    base::JsonWriter out(text);
    out.object([&] {
      out.member("path", file.path);
      out.member("bytes", file.bytes);
      out.key("pieces");
      out.array([&] {
        for (const auto& piece : file.pieces) out.value(hex(piece));
      });
    });
    text += "\n";
  }
  return text + last_line(text) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  // The digest first: what does not fit it is not read any closer.
  const std::string_view whole = text;
  const auto body = whole.substr(0, whole.size() - std::min<std::size_t>(whole.size(), 1));
  const auto last = body.rfind('\n');
  if (!whole.ends_with('\n') || last == std::string_view::npos)
    return fail(ErrorCode::kCorrupt, "{} is cut at byte {}", kManifestName, whole.size());
  const auto before = whole.substr(0, last + 1);
  Manifest manifest;
  std::size_t line_number = 1;
  auto rest = before;
  const auto first_line = take_line(rest);
  const auto first = base::parse_json(*first_line);
  // A newer format may sum its manifest otherwise: it is told by its number.
  const auto format = first ? number(*first, "mlgraph_backup") : Result<std::uint64_t>(0);
  const bool newer = format && *format > kBackupFormat;
  if (!newer && body.substr(last + 1) != last_line(before))
    return fail(
        ErrorCode::kCorrupt,
        "{} does not fit the checksum in its last line: it is damaged or cut",
        kManifestName
    );
  if (!first) return in_line(line_number, {ErrorCode::kCorrupt, first.error().message, {}, {}});
  const auto count = parse_first(*first, manifest);
  if (!count) return in_line(line_number, count.error());
  std::set<std::string> seen;
  while (const auto line = take_line(rest)) {
    ++line_number;
    const auto json = base::parse_json(*line, {.depth_max = 4, .members_max = 1 << 24});
    auto file = json ? parse_file(*json) : Result<BackupFile>(tl::unexpected(json.error()));
    if (!file) return in_line(line_number, {ErrorCode::kCorrupt, file.error().message, {}, {}});
    if (!seen.insert(file->path).second)
      return in_line(
          line_number, {ErrorCode::kCorrupt, file->path + " stands there twice", {}, {}}
      );
    manifest.files.push_back(std::move(*file));
  }
  if (manifest.files.size() != *count)
    return fail(
        ErrorCode::kCorrupt,
        "{} has {} files, its first line says {}",
        kManifestName,
        manifest.files.size(),
        *count
    );
  return manifest;
}

}  // namespace mlgraph::backup
