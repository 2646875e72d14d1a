#include "cli/json_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/terminal.h"

namespace mlgraph::cli {

using base::Json;

namespace {

constexpr unsigned char kDelete = 0x7f;

/// The control character U+0080 to U+009F that begins at `at`; 0: another one does. A terminal may
/// take U+009B for ESC [.
unsigned char late_control(std::string_view text, std::size_t at) {
  constexpr unsigned char kLead = 0xc2;
  constexpr unsigned char kFirst = 0x80;
  constexpr unsigned char kLast = 0x9f;
  if (static_cast<unsigned char>(text[at]) != kLead || at + 1 == text.size()) return 0;
  const auto byte = static_cast<unsigned char>(text[at + 1]);
  return byte >= kFirst && byte <= kLast ? byte : 0;
}

}  // namespace

std::string safe(std::string_view text) {
  constexpr unsigned char kFirstPrintable = 0x20;
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < kFirstPrintable || byte == kDelete) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (const auto control = late_control(text, at)) {
      out += fmt::format("\\x{:02x}", control);
      ++at;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

std::string safe_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size(); ++at) {
    const auto control = late_control(json, at);
    const auto byte = static_cast<unsigned char>(json[at]);
    if (control != 0 || byte == kDelete)
      out += fmt::format("\\u{:04x}", control != 0 ? control : byte);
    else
      out.push_back(json[at]);
    if (control != 0) ++at;
  }
  return out;
}

std::string text_of(const Json& object, std::string_view key, std::string_view otherwise) {
  const auto* value = object.find(key);
  return value && value->as_string() ? safe(*value->as_string()) : std::string(otherwise);
}

double number_of(const Json& object, std::string_view key, double otherwise) {
  const auto* value = object.find(key);
  return value ? value->as_double().value_or(otherwise) : otherwise;
}

std::uint64_t count_of(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(std::max(0.0, number_of(object, key)));
}

std::string commas_of(const Json& object, std::string_view key) {
  return with_commas(count_of(object, key));
}

const Json& child(const Json& object, std::string_view key) {
  static const Json kNull;
  const auto* found = object.find(key);
  return found ? *found : kNull;
}

const Json::Array& items_of(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const auto* list = child(object, key).as_array();
  return list ? *list : kNone;
}

std::string words_of(const Json& object, std::string_view key) {
  std::string words;
  for (const auto& word : items_of(object, key))
    if (word.as_string()) words += (words.empty() ? "" : " ") + safe(*word.as_string());
  return words;
}

std::string json_text(const Json& json) {
  std::string text;
  base::JsonWriter(text).value(json);
  return safe_json(text);
}

}  // namespace mlgraph::cli
