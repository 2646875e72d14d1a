#include "cli/json_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/terminal.h"

namespace mlgraph::cli {

using base::Json;

std::string safe(std::string_view text) {
  constexpr unsigned char kFirstPrintable = 0x20;
  constexpr unsigned char kDelete = 0x7f;
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < kFirstPrintable || byte == kDelete)
      out += fmt::format("\\x{:02x}", byte);
    else
      out.push_back(c);
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
  return text;
}

}  // namespace mlgraph::cli
