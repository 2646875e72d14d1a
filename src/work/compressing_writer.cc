#include "work/compressing_writer.h"

#include <algorithm>

#include <zlib.h>
#include <zstd.h>

#include "base/check.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::size_t kRoomStep = std::size_t{16} << 20;
constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;

/// Whole buffers to the file, with a look at the disk's room now and then.
class FileOut {
 public:
  FileOut(int fd, DiskRoom room) : fd_(fd), room_(room) {}
  Result<void> write(std::string_view bytes) {
    if (written_ + bytes.size() > asked_) {
      MLG_TRY_VOID(room_.check(fd_, written_, std::max(kRoomStep, bytes.size())));
      asked_ = written_ + std::max(kRoomStep, bytes.size());
    }
    written_ += bytes.size();
    return write_all(fd_, bytes);
  }

 private:
  const int fd_;
  const DiskRoom room_;
  std::uint64_t written_ = 0;
  std::uint64_t asked_ = 0;
};

class PlainWriter final : public CompressingWriter {
 public:
  PlainWriter(int fd, DiskRoom room) : out_(fd, room) {}
  Result<void> write(std::string_view bytes) override {
    held_ += bytes;
    return held_.size() < kBufferBytes ? Result<void>{} : finish();
  }
  Result<void> finish() override {
    MLG_TRY_VOID(out_.write(held_));
    held_.clear();
    return {};
  }

 private:
  FileOut out_;
  std::string held_;
};

class GzipWriter final : public CompressingWriter {
 public:
  GzipWriter(int fd, DiskRoom room) : out_(fd, room), buffer_(kBufferBytes, '\0') {
    constexpr int kAsGzip = 16;
    constexpr int kMemory = 8;
    MLG_CHECK(
        deflateInit2(
            &stream_, kGzipLevel, Z_DEFLATED, MAX_WBITS + kAsGzip, kMemory, Z_DEFAULT_STRATEGY
        ) == Z_OK
    );
  }
  ~GzipWriter() override { deflateEnd(&stream_); }
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;
  Result<void> write(std::string_view bytes) override {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kBufferBytes)))
      MLG_TRY_VOID(deflate_all(bytes.substr(0, kBufferBytes), Z_NO_FLUSH));
    return {};
  }
  Result<void> finish() override { return deflate_all({}, Z_FINISH); }

 private:
  Result<void> deflate_all(std::string_view bytes, int flush) {
    stream_.next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib's signature
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      MLG_CHECK(deflate(&stream_, flush) != Z_STREAM_ERROR);
      MLG_TRY_VOID(out_.write({buffer_.data(), buffer_.size() - stream_.avail_out}));
    } while (stream_.avail_out == 0);
    return {};
  }

  FileOut out_;
  std::string buffer_;
  z_stream stream_{};
};

class ZstdWriter final : public CompressingWriter {
 public:
  ZstdWriter(int fd, DiskRoom room)
      : out_(fd, room), buffer_(kBufferBytes, '\0'), context_(ZSTD_createCCtx()) {
    MLG_CHECK(context_ != nullptr);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdWriter() override { ZSTD_freeCCtx(context_); }
  ZstdWriter(const ZstdWriter&) = delete;
  ZstdWriter& operator=(const ZstdWriter&) = delete;
  Result<void> write(std::string_view bytes) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) MLG_TRY_VOID(step(in, ZSTD_e_continue).map([](std::size_t) {}));
    return {};
  }
  Result<void> finish() override {
    ZSTD_inBuffer none{nullptr, 0, 0};
    for (;;) {
      MLG_TRY(left, step(none, ZSTD_e_end));
      if (left == 0) return {};
    }
  }

 private:
  /// Bytes that zstd still holds, at least.
  Result<std::size_t> step(ZSTD_inBuffer& in, ZSTD_EndDirective direction) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_, &out, &in, direction);
    if (ZSTD_isError(left)) return fail(ErrorCode::kInternal, "zstd: {}", ZSTD_getErrorName(left));
    MLG_TRY_VOID(out_.write({buffer_.data(), out.pos}));
    return left;
  }

  FileOut out_;
  std::string buffer_;
  ZSTD_CCtx* const context_;
};

}  // namespace

std::unique_ptr<CompressingWriter> make_compressing_writer(
    Compression compression, int fd, DiskRoom room
) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<GzipWriter>(fd, room);
    case Compression::kZstd:
      return std::make_unique<ZstdWriter>(fd, room);
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainWriter>(fd, room);
}

}  // namespace mlgraph::work
