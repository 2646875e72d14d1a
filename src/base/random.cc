#include "base/random.h"

#include <array>

#include <sodium.h>

#include "base/check.h"

namespace mlgraph::base {

void secure_random(std::span<std::uint8_t> out) {
  MLG_CHECK(sodium_init() >= 0);
  randombytes_buf(out.data(), out.size());
}

std::string random_name(std::size_t length) {
  static constexpr char kAlphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  constexpr unsigned kEven = 256 / 36 * 36;  // bytes below it fall evenly on the alphabet
  std::string name;
  // Many at a time: each call asks the kernel.
  std::array<std::uint8_t, 32> bytes{};
  while (name.size() < length) {
    secure_random(bytes);
    for (const auto byte : bytes)
      if (byte < kEven && name.size() < length) name += kAlphabet[byte % 36];
  }
  return name;
}

std::string random_secret() {
  std::array<std::uint8_t, 32> bytes{};
  secure_random(bytes);
  std::array<char, 64> text{};
  sodium_bin2base64(
      text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING
  );
  return text.data();
}

}  // namespace mlgraph::base
