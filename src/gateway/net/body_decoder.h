#pragma once
// The bytes of one request's body out of those that a connection brings.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlgraph::gateway {

/// Takes a body off the stream, by its length or by its chunks (RFC 9112 §6.2, §7.1), and not one
/// byte behind it. Lines end in CR LF and nothing else; extensions and trailers are read past.
/// Invariant  holds no more than one unfinished line, however the bytes are cut.
/// Threads    confined.
class BodyDecoder {
 public:
  struct Limits {
    std::uint64_t body_max = 0;          ///< kTooLarge as soon as a length or chunk size says so
    std::size_t chunk_line_max = 1'024;  ///< a size with its extensions
    std::size_t extensions_max = 64 * 1024;  ///< of all chunks together: they carry nothing
    std::size_t trailers_max = 16 * 1024;    ///< bytes of the trailer section
    std::size_t trailer_lines_max = 100;
  };
  /// What comes of a piece of the body; an error ends it.
  using Take = std::function<base::Result<void>(std::string_view bytes)>;

  /// `length` is Content-Length; nullopt: chunked.
  BodyDecoder(std::optional<std::uint64_t> length, Limits limits);

  /// Takes what belongs to the body from the front of `in`.
  /// returns  how many bytes that were; all of them unless done().
  /// errors   kBadRequest, kTooLarge (the body), kHeadersTooLarge (its trailers), those of `take`.
  [[nodiscard]] base::Result<std::size_t> decode(std::string_view in, const Take& take);
  [[nodiscard]] bool done() const { return state_ == State::kDone; }
  /// Nothing but trailers is to come.
  [[nodiscard]] bool in_trailers() const { return state_ == State::kTrailer; }
  [[nodiscard]] std::uint64_t received() const { return received_; }  ///< of the body itself

 private:
  enum class State : std::uint8_t { kCounted, kSize, kChunk, kChunkEnd, kTrailer, kDone };
  [[nodiscard]] base::Result<bool> read_line(std::string_view& in);
  [[nodiscard]] base::Result<void> on_line();
  [[nodiscard]] base::Result<void> read_size();
  [[nodiscard]] base::Result<void> read_trailer();

  const Limits limits_;
  State state_;
  std::uint64_t left_ = 0;  ///< of the body, or of the chunk
  std::uint64_t received_ = 0;
  std::size_t extensions_ = 0;
  std::size_t trailers_ = 0;
  std::size_t trailer_lines_ = 0;
  std::string line_;  ///< so far; without its CR LF once whole
};

}  // namespace mlgraph::gateway
