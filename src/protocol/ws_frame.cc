#include "protocol/ws_frame.h"

#include <algorithm>
#include <cstring>

namespace mlgraph::protocol {
namespace {

constexpr std::uint8_t kFinBit = 0x80;
constexpr std::uint8_t kRsv1Bit = 0x40;
constexpr std::uint8_t kRsv23Bits = 0x30;
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::size_t kControlMax = 125;
constexpr std::size_t kReasonMax = kControlMax - 2;
// A session keeps no larger buffer between messages.
constexpr std::size_t kBufferKept = 4 * 1024;
constexpr int kProtocolViolation = 1002, kBadPayload = 1007, kTooManyFragments = 1008,
              kMessageTooBig = 1009;

bool is_control(std::uint8_t opcode) { return (opcode & 0x8) != 0; }

/// Bytes of a client's header, known from its second byte (RFC 6455 §5.2): 2, then 0, 2 or 8 of
/// length, then 4 of mask.
std::size_t header_size_of(std::uint8_t second_byte) {
  const auto length = second_byte & 0x7f;
  return 2 + (length == 126 ? 2u : length == 127 ? 8u : 0u) + 4;
}

void unmask(std::span<char> bytes, const std::array<char, 4>& mask, std::uint64_t offset) {
  std::array<char, 8> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(offset + i) & 3];
  std::uint64_t mask64 = 0;
  std::memcpy(&mask64, turned.data(), 8);
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    word ^= mask64;
    std::memcpy(bytes.data() + i, &word, 8);
  }
  for (; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ turned[i & 7]);
}

/// RFC 6455 §7.4: codes that may stand in a close frame.
bool is_sendable_close_code(int code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

void append_frame_header(std::string& out, Opcode opcode, std::uint64_t payload_size, bool rsv1) {
  out.push_back(
      static_cast<char>(kFinBit | (rsv1 ? kRsv1Bit : 0) | static_cast<std::uint8_t>(opcode))
  );
  const auto append_length = [&](int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>(payload_size >> shift & 0xff));
  };
  if (payload_size < 126) {
    out.push_back(static_cast<char>(payload_size));
  } else if (payload_size <= 0xffff) {
    out.push_back(126);
    append_length(2);
  } else {
    out.push_back(127);
    append_length(8);
  }
}

std::string make_frame(Opcode opcode, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 10);
  append_frame_header(out, opcode, payload.size());
  out += payload;
  return out;
}

std::string close_payload(int code, std::string_view reason) {
  std::string out;
  out.push_back(static_cast<char>(code >> 8 & 0xff));
  out.push_back(static_cast<char>(code & 0xff));
  std::size_t size = std::min(reason.size(), kReasonMax);
  if (size < reason.size())
    while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0) == 0x80) --size;
  out += reason.substr(0, size);
  return out;
}

// The state while inside a character: how many bytes must follow (bits 0-7) and the range of the
// next one (bits 8-15 low, 16-23 high): RFC 3629 narrows it after E0, ED, F0 and F4 only.
bool Utf8Validator::feed(std::string_view bytes) {
  constexpr std::uint32_t kInvalid = 0xffffffff;
  const auto make_state = [](std::uint32_t follow, std::uint32_t low, std::uint32_t high) {
    return follow | low << 8 | high << 16;
  };
  if (state_ == kInvalid) return false;
  std::size_t i = 0;
  while (i < bytes.size()) {
    if (state_ == 0) {
      std::uint64_t word = 0;
      while (i + 8 <= bytes.size()) {
        std::memcpy(&word, bytes.data() + i, 8);
        if ((word & 0x8080808080808080u) != 0) break;
        i += 8;
      }
      if (i == bytes.size()) break;
    }
    const auto byte = static_cast<unsigned char>(bytes[i++]);
    if (state_ != 0) {
      const std::uint32_t follow = state_ & 0xff;
      if (byte < (state_ >> 8 & 0xff) || byte > (state_ >> 16 & 0xff)) {
        state_ = kInvalid;
        return false;
      }
      state_ = follow == 1 ? 0 : make_state(follow - 1, 0x80, 0xbf);
    } else if (byte >= 0x80) {
      if (byte >= 0xc2 && byte <= 0xdf)
        state_ = make_state(1, 0x80, 0xbf);
      else if ((byte & 0xf0) == 0xe0)
        state_ = make_state(2, byte == 0xe0 ? 0xa0 : 0x80, byte == 0xed ? 0x9f : 0xbf);
      else if (byte >= 0xf0 && byte <= 0xf4)
        state_ = make_state(3, byte == 0xf0 ? 0x90 : 0x80, byte == 0xf4 ? 0x8f : 0xbf);
      else {
        state_ = kInvalid;
        return false;
      }
    }
  }
  return true;
}

bool FrameReader::in_message() const { return message_open_ || have_header_ || head_size_ > 0; }

std::size_t FrameReader::buffered_bytes() const {
  return clear_message_ ? 0 : message_.size() + control_.size() + head_size_;
}

tl::expected<std::optional<FrameReader::Event>, FrameReader::Violation> FrameReader::feed(
    std::span<char> bytes, std::size_t& used
) {
  used = 0;
  release_finished();
  if (!failed_) {
    Step step;
    do {
      if (!have_header_) {
        failed_ = take_header(bytes, used);
        if (failed_ || !have_header_) break;
      }
      step = take_payload(bytes, used);
      if (step.event) return step.event;
      failed_ = std::move(step.violation);
    } while (!failed_ && used < bytes.size());
  }
  if (failed_) return tl::unexpected<Violation>(*failed_);
  return std::optional<Event>();
}

void FrameReader::release_finished() {
  if (!clear_message_) return;
  clear_message_ = false;
  control_.clear();
  if (message_open_) return;  // the event was a control frame between fragments
  message_.clear();
  if (message_.capacity() > kBufferKept) message_ = std::string();
}

std::optional<FrameReader::Violation> FrameReader::check_first_byte(std::uint8_t byte) const {
  const std::uint8_t opcode = byte & 0x0f;
  const bool fin = (byte & kFinBit) != 0;
  const bool rsv1 = (byte & kRsv1Bit) != 0;
  if ((byte & kRsv23Bits) != 0) return Violation{kProtocolViolation, "reserved bits are set"};
  if ((opcode > 2 && opcode < 8) || opcode > 10)
    return Violation{kProtocolViolation, "reserved opcode " + std::to_string(opcode)};
  if (rsv1 && (!limits_.allow_deflate || is_control(opcode) || opcode == 0))
    return Violation{kProtocolViolation, "reserved bit 1 is set"};
  if (is_control(opcode)) {
    if (!fin) return Violation{kProtocolViolation, "a control frame is fragmented"};
  } else if (opcode == 0) {
    if (!message_open_)
      return Violation{kProtocolViolation, "a continuation frame without a message"};
  } else if (message_open_) {
    return Violation{kProtocolViolation, "a new message inside a fragmented one"};
  }
  return std::nullopt;
}

std::optional<FrameReader::Violation> FrameReader::check_second_byte(std::uint8_t byte) const {
  if ((byte & kMaskBit) == 0)
    return Violation{kProtocolViolation, "a client's frame must be masked"};
  if (is_control(static_cast<std::uint8_t>(head_[0]) & 0x0f) && (byte & 0x7f) > kControlMax)
    return Violation{kProtocolViolation, "a control frame's payload is over 125 bytes"};
  return std::nullopt;
}

std::optional<FrameReader::Violation> FrameReader::take_header(
    std::span<const char> bytes, std::size_t& used
) {
  while (used < bytes.size()) {
    const auto byte = static_cast<std::uint8_t>(bytes[used++]);
    head_[head_size_++] = static_cast<char>(byte);
    if (head_size_ == 1) {
      if (auto violation = check_first_byte(byte)) return violation;
      continue;
    }
    if (head_size_ == 2)
      if (auto violation = check_second_byte(byte)) return violation;
    const auto second = static_cast<std::uint8_t>(head_[1]);
    const std::size_t size = header_size_of(second);
    const std::size_t length_end = size - 4;
    if (head_size_ == length_end) {  // the length is refused before the mask has come
      std::uint64_t length = second & 0x7f;
      if (length > kControlMax) {
        length = 0;
        for (std::size_t i = 2; i < length_end; ++i)
          length = length << 8 | static_cast<std::uint8_t>(head_[i]);
      }
      const std::uint64_t least = length_end == 4    ? kControlMax + 1
                                  : length_end == 10 ? 0x10000
                                                     : 0;
      if (length < least)
        return Violation{kProtocolViolation, "a length is not in its shortest form"};
      const auto first = static_cast<std::uint8_t>(head_[0]);
      header_ = Header{
          (first & kFinBit) != 0,
          (first & kRsv1Bit) != 0,
          static_cast<std::uint8_t>(first & 0x0f),
          length,
          {}};
      if (auto violation = begin_data_frame()) return violation;
    }
    if (head_size_ < size) continue;
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(length_end), 4, header_.mask.begin());
    have_header_ = true;
    head_size_ = 0;
    frame_read_ = 0;
    break;
  }
  return std::nullopt;
}

std::optional<FrameReader::Violation> FrameReader::begin_data_frame() {
  if (!in_data_frame()) return std::nullopt;
  if (header_.length >> 63 != 0)
    return Violation{kMessageTooBig, "a frame's length has its top bit set"};
  if (header_.opcode != 0) {
    message_binary_ = header_.opcode == static_cast<std::uint8_t>(Opcode::kBinary);
    message_compressed_ = header_.rsv1;
    fragments_ = 0;
    utf8_.reset();
  }
  if (header_.length > limits_.message_max ||
      message_.size() > limits_.message_max - header_.length)
    return Violation{
        kMessageTooBig,
        "a message is over the limit of " + std::to_string(limits_.message_max) + " bytes"};
  if (++fragments_ > limits_.fragments_max)
    return Violation{
        kTooManyFragments,
        "a message has more than " + std::to_string(limits_.fragments_max) + " fragments"};
  return std::nullopt;
}

FrameReader::Step FrameReader::take_payload(std::span<char> bytes, std::size_t& used) {
  const std::uint64_t left = header_.length - frame_read_;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size() - used));
  const auto piece = bytes.subspan(used, size);
  unmask(piece, header_.mask, frame_read_);
  const bool first_piece = frame_read_ == 0;
  used += size;
  frame_read_ += size;
  const bool frame_done = frame_read_ == header_.length;
  const std::string_view text(piece.data(), piece.size());

  if (!in_data_frame()) {
    control_.append(text);
    return frame_done ? end_control_frame() : Step{};
  }
  if (!message_binary_ && !message_compressed_ && !utf8_.feed(text))
    return {std::nullopt, Violation{kBadPayload, "a text message is not UTF-8"}};
  const bool in_place = first_piece && frame_done && header_.fin && header_.opcode != 0;
  if (!in_place) message_.append(text);
  return frame_done ? end_data_frame(text, in_place) : Step{};
}

FrameReader::Step FrameReader::end_data_frame(std::string_view whole_payload, bool in_place) {
  have_header_ = false;
  message_open_ = !header_.fin;
  if (message_open_) return {};
  if (!message_binary_ && !message_compressed_ && !utf8_.complete())
    return {std::nullopt, Violation{kBadPayload, "a text message ends inside a character"}};
  clear_message_ = true;
  Event event{Event::Kind::kMessage, message_binary_, message_compressed_, {}, 1005};
  event.payload = in_place ? whole_payload : std::string_view(message_);
  return {event, std::nullopt};
}

FrameReader::Step FrameReader::end_control_frame() {
  have_header_ = false;
  clear_message_ = true;
  Event event{Event::Kind::kPing, false, false, control_, 1005};
  if (header_.opcode == static_cast<std::uint8_t>(Opcode::kPing)) return {event, std::nullopt};
  if (header_.opcode == static_cast<std::uint8_t>(Opcode::kPong)) {
    event.kind = Event::Kind::kPong;
    return {event, std::nullopt};
  }
  event.kind = Event::Kind::kClose;
  if (control_.empty()) return {event, std::nullopt};
  if (control_.size() == 1)
    return {std::nullopt, Violation{kProtocolViolation, "a close payload of one byte"}};
  event.close_code =
      static_cast<unsigned char>(control_[0]) << 8 | static_cast<unsigned char>(control_[1]);
  event.payload = std::string_view(control_).substr(2);
  if (!is_sendable_close_code(event.close_code))
    return {
        std::nullopt,
        Violation{kProtocolViolation, "close code " + std::to_string(event.close_code)}};
  Utf8Validator reason;
  if (!reason.feed(event.payload) || !reason.complete())
    return {std::nullopt, Violation{kBadPayload, "a close reason is not UTF-8"}};
  return {event, std::nullopt};
}

}  // namespace mlgraph::protocol
