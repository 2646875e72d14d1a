#include "work/compression.h"

#include <algorithm>
#include <array>

#include <zlib.h>
#include <zstd.h>

#include "base/check.h"
#include "model/names.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

std::string_view name_of(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kNone:
      break;
  }
  return "none";
}

Result<Compression> compression_of_coding(std::string_view content_encoding) {
  if (content_encoding.empty() || content_encoding == "identity") return Compression::kNone;
  if (content_encoding == "gzip" || content_encoding == "x-gzip") return Compression::kGzip;
  if (content_encoding == "zstd") return Compression::kZstd;
  return fail(
      ErrorCode::kBadRequest,
      "Content-Encoding '{}' is neither gzip nor zstd",
      model::printable(content_encoding)
  );
}

Compression take_compression(std::string& file_name) {
  for (const auto& [suffix, compression] :
       {std::pair(".gz", Compression::kGzip), std::pair(".zst", Compression::kZstd)})
    if (file_name.ends_with(suffix)) {
      file_name.resize(file_name.size() - std::string_view(suffix).size());
      return compression;
    }
  return Compression::kNone;
}

namespace {

constexpr std::size_t kInputBytes = 64 * 1024;
constexpr int kWindowLogMax = 27;

/// What one call of a decoder did.
struct Inflated {
  std::size_t taken = 0;
  std::size_t made = 0;
  bool ended = false;  ///< a member or frame
};

class GzipDecoder {
 public:
  static constexpr std::string_view kUnit = "gzip member";
  GzipDecoder() {
    constexpr int kGzipOnly = 16;
    MLG_CHECK(inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK);
  }
  ~GzipDecoder() { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  void begin() { inflateReset(&stream_); }
  /// errors the reason, in zlib's words.
  tl::expected<Inflated, std::string> inflate_some(std::string_view in, std::span<char> out) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // zlib's signature
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    const auto room = std::min<std::size_t>(out.size(), 1U << 30);
    stream_.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      return tl::unexpected(std::string(stream_.msg ? stream_.msg : "it does not parse"));
    return Inflated{in.size() - stream_.avail_in, room - stream_.avail_out, status == Z_STREAM_END};
  }

 private:
  z_stream stream_{};
};

class ZstdDecoder {
 public:
  static constexpr std::string_view kUnit = "zstd frame";
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    MLG_CHECK(context_ != nullptr);
    MLG_CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLogMax)));
  }
  ~ZstdDecoder() { ZSTD_freeDCtx(context_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  void begin() { ZSTD_DCtx_reset(context_, ZSTD_reset_session_only); }
  tl::expected<Inflated, std::string> inflate_some(std::string_view in, std::span<char> out) {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context_, &to, &from);
    if (ZSTD_isError(left)) return tl::unexpected(std::string(ZSTD_getErrorName(left)));
    return Inflated{from.pos, to.pos, left == 0};
  }

 private:
  ZSTD_DCtx* const context_;
};

template <typename Decoder>
class Inflating final : public InflatingSource {
 public:
  explicit Inflating(ByteSource& from) : from_(from) {}

  Result<std::size_t> read(std::span<char> out) override {
    if (out.empty()) return std::size_t{0};
    for (;;) {
      if (in_.empty() && !made_all_) {
        MLG_TRY(n, from_.read(buffer_));
        in_ = {buffer_.data(), n};
        if (n == 0 && within_) return cut_short();
        if (n == 0 && units_ == 0)
          return fail(ErrorCode::kBadRequest, "the body is empty, it is no {}", Decoder::kUnit);
        if (n == 0) return std::size_t{0};
      }
      if (!within_) {
        decoder_.begin();
        within_ = true;
        ++units_;
      }
      const auto done = decoder_.inflate_some(in_, out);
      if (!done) return damaged(done.error());
      in_.remove_prefix(done->taken);
      compressed_ += done->taken;
      within_ = !done->ended;
      // A full buffer may leave bytes inside of the decoder that need no more input.
      made_all_ = within_ && done->made == out.size();
      if (done->made > 0) return done->made;
    }
  }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return std::nullopt; }
  [[nodiscard]] std::uint64_t compressed_bytes() const override { return compressed_; }

 private:
  [[nodiscard]] tl::unexpected<base::Error> cut_short() const {
    return fail(
        ErrorCode::kBadRequest,
        "the body ends after {} compressed bytes, in the middle of {} {}",
        compressed_,
        Decoder::kUnit,
        units_
    );
  }
  [[nodiscard]] tl::unexpected<base::Error> damaged(const std::string& why) const {
    return fail(
        ErrorCode::kBadRequest,
        "{} {} is damaged at compressed byte {} or after it: {}",
        Decoder::kUnit,
        units_,
        compressed_,
        why
    );
  }

  ByteSource& from_;
  Decoder decoder_;
  std::array<char, kInputBytes> buffer_{};
  std::string_view in_;
  std::uint64_t compressed_ = 0;
  std::uint64_t units_ = 0;
  bool within_ = false;    ///< a member or frame
  bool made_all_ = false;  ///< of the room it was given: there may be more without more input
};

}  // namespace

std::unique_ptr<InflatingSource> make_inflating_source(Compression compression, ByteSource& from) {
  MLG_CHECK(compression != Compression::kNone);
  if (compression == Compression::kGzip) return std::make_unique<Inflating<GzipDecoder>>(from);
  return std::make_unique<Inflating<ZstdDecoder>>(from);
}

}  // namespace mlgraph::work
