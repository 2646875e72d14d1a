#pragma once
// Compressed files and bodies, inflated while they are read.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "work/byte_source.h"

namespace mlgraph::work {

enum class Compression : std::uint8_t { kNone, kGzip, kZstd };
/// "none", "gzip", "zstd".
[[nodiscard]] std::string_view name_of(Compression compression);

/// By Content-Encoding: empty and "identity" are none. errors kBadRequest naming the coding and
/// those that are read.
[[nodiscard]] base::Result<Compression> compression_of_coding(std::string_view content_encoding);
/// By a file's name, of which `.gz` or `.zst` is taken off.
[[nodiscard]] Compression take_compression(std::string& file_name);

/// How far something compressed has been read, in its own bytes: that is what its length is known
/// in.
class InflatingSource : public ByteSource {
 public:
  /// Compressed bytes that what was handed out was made of, read ahead among them.
  [[nodiscard]] virtual std::uint64_t compressed_bytes() const = 0;
};

/// Inflates `from`, which outlives it: members of gzip (RFC 1952) or frames of zstd (RFC 8878), one
/// after another. Bytes come as soon as they can be told.
/// length()  unknown.
/// errors    kBadRequest naming the place for what is damaged, cut short, or followed by something
///           else; a zstd window beyond 128 MiB; those of `from`.
/// memory    64 KiB of what is compressed and the window: 32 KiB for gzip, at most 128 MiB for
/// zstd.
///           What a bomb inflates to is its reader's to take or to leave.
[[nodiscard]] std::unique_ptr<InflatingSource> make_inflating_source(
    Compression compression, ByteSource& from
);

}  // namespace mlgraph::work
