#pragma once
// RFC 6455 framing: a reader that is fed bytes, and headers for what the server sends. No sockets.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlgraph::protocol {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

/// Appends the header of an unmasked, final server frame (RFC 6455 §5.2) of `payload_size` bytes.
/// `rsv1`: compressed.
void append_frame_header(
    std::string& out, Opcode opcode, std::uint64_t payload_size, bool rsv1 = false
);
[[nodiscard]] std::string make_frame(Opcode opcode, std::string_view payload);
/// A close frame's payload: code and reason (cut to 123 bytes at a UTF-8 boundary).
[[nodiscard]] std::string close_payload(int code, std::string_view reason);

/// Validates UTF-8 piece by piece, so that a bad byte fails at once even in the middle of a
/// message.
class Utf8Validator {
 public:
  [[nodiscard]] bool feed(std::string_view bytes);  ///< false: invalid, for good
  [[nodiscard]] bool complete() const { return state_ == 0; }
  void reset() { state_ = 0; }

 private:
  std::uint32_t state_ = 0;
};

/// Reads client frames from any slicing of the byte stream. Memory: only a message in progress is
/// kept. Threads: confined.
class FrameReader {
 public:
  struct Limits {
    std::size_t message_max = 64 * 1024;  ///< inflated, all fragments together
    std::size_t fragments_max = 64;
    bool allow_deflate = false;  ///< RSV1 on the first frame of a message is legal
  };
  /// What feed() found, in order. `payload` is valid until the next call.
  struct Event {
    enum class Kind : std::uint8_t { kMessage, kPing, kPong, kClose } kind;
    bool binary = false;
    bool compressed = false;
    std::string_view payload;  ///< message or control payload; close: the reason
    int close_code = 1005;     ///< kClose: 1005 when none was sent
  };
  struct Violation {
    int close_code;  ///< 1002, 1007, 1008 (too many fragments), 1009
    std::string reason;
  };
  explicit FrameReader(Limits limits) : limits_(limits) {}
  void set_limits(Limits limits) { limits_ = limits; }

  /// Consumes some of `bytes` (unmasking in place) until an event is complete or the bytes are used
  /// up. Sets `used`; call again with the rest. A message that arrives whole in `bytes` is a view
  /// into them, not copied. Compressed messages are not checked for UTF-8: that is for whoever
  /// inflates them. Returns an event, nothing yet, or the violation that must close the connection.
  [[nodiscard]] tl::expected<std::optional<Event>, Violation> feed(
      std::span<char> bytes, std::size_t& used
  );
  /// Between the first byte of a message (or of any frame) and its last: for the 10 s limit.
  [[nodiscard]] bool in_message() const;
  [[nodiscard]] std::size_t buffered_bytes() const;

 private:
  struct Header {
    bool fin = false, rsv1 = false;
    std::uint8_t opcode = 0;
    std::uint64_t length = 0;
    std::array<char, 4> mask{};
  };
  Limits limits_;
  struct Step {  ///< what one stage of feed() came to
    std::optional<Event> event;
    std::optional<Violation> violation;
  };
  [[nodiscard]] std::optional<Violation> check_first_byte(std::uint8_t byte) const;
  [[nodiscard]] std::optional<Violation> check_second_byte(std::uint8_t byte) const;
  [[nodiscard]] std::optional<Violation> take_header(
      std::span<const char> bytes, std::size_t& used
  );
  [[nodiscard]] std::optional<Violation> begin_data_frame();
  [[nodiscard]] Step take_payload(std::span<char> bytes, std::size_t& used);
  [[nodiscard]] Step end_data_frame(std::string_view whole_payload, bool in_place);
  [[nodiscard]] Step end_control_frame();
  [[nodiscard]] bool in_data_frame() const { return (header_.opcode & 0x8) == 0; }
  void release_finished();

  // The state machine: header bytes, then payload bytes, of one frame at a time.
  std::array<char, 14> head_{};
  std::uint8_t head_size_ = 0;
  bool have_header_ = false;
  Header header_;
  std::uint64_t frame_read_ = 0;
  bool message_open_ = false, message_binary_ = false, message_compressed_ = false;
  std::uint32_t fragments_ = 0;
  std::string message_;
  std::string control_;
  bool clear_message_ = false;       ///< the last event's views may still point here
  std::optional<Violation> failed_;  ///< a violation is for good
  Utf8Validator utf8_;
};

}  // namespace mlgraph::protocol
