// Setting's values: from text and TOML into a Config, and back.
#include <cctype>
#include <charconv>
#include <sstream>

#include <toml++/toml.h>

#include "app/settings.h"
#include "model/names.h"

namespace mlgraph::app {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

std::string variable_of(std::string text) {
  for (char& c : text)
    c = c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "MLGRAPH_" + text;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    auto end = text.find(',', begin);
    if (end == std::string::npos) end = text.size();
    const auto first = text.find_first_not_of(' ', begin);
    if (first < end) {
      const auto last = text.find_last_not_of(' ', end - 1);
      items.push_back(text.substr(first, last - first + 1));
    }
    begin = end + 1;
  }
  return items;
}

template <typename T>
T* place(const Setting& setting, Config& config) {
  const Field field = setting.field(config);
  auto* const* found = std::get_if<T*>(&field);
  return found ? *found : nullptr;
}

Result<void> unfit(const Setting& setting, std::string_view what) {
  return fail(ErrorCode::kInvalidValue, "{} is not {}", what, setting.wanted());
}

std::string quoted(const std::string& text) {
  std::ostringstream out;
  const toml::value<std::string> value(text);
  out << toml::toml_formatter(value, toml::format_flags::none);
  return out.str();
}

}  // namespace

std::vector<std::string> Setting::variables() const {
  std::vector<std::string> names{variable_of(key)};
  if (!flag.empty()) names.push_back(variable_of(flag.substr(2)));
  return names;
}

std::string Setting::wanted() const {
  Config any;
  if (place<std::string>(*this, any)) return "a text";
  if (place<bool>(*this, any)) return "true or false";
  if (place<std::vector<std::string>>(*this, any)) return "a list of texts";
  const std::string tail = unit.empty() ? "" : " " + unit;
  if (max == std::numeric_limits<std::int64_t>::max())
    return fmt::format("a whole number from {}{}", min, tail);
  return fmt::format("a whole number from {} to {}{}", min, max, tail);
}

Result<void> Setting::set(Config& config, std::int64_t number) const {
  auto* to = place<std::uint64_t>(*this, config);
  if (!to || number < 0 || static_cast<std::uint64_t>(number) < min ||
      static_cast<std::uint64_t>(number) > max)
    return unfit(*this, fmt::format("{}", number));
  *to = static_cast<std::uint64_t>(number);
  return {};
}

Result<void> Setting::set(Config& config, bool on) const {
  auto* to = place<bool>(*this, config);
  if (!to) return unfit(*this, on ? "true" : "false");
  *to = on;
  return {};
}

Result<void> Setting::set(Config& config, const std::vector<std::string>& list) const {
  auto* to = place<std::vector<std::string>>(*this, config);
  if (!to) return unfit(*this, "a list");
  if (valid)
    for (const auto& item : list) {
      MLG_TRY_VOID(valid(item));
    }
  *to = list;
  return {};
}

Result<void> Setting::set_text(Config& config, const std::string& text) const {
  const auto shown = "'" + model::printable(text) + "'";
  if (auto* to = place<std::string>(*this, config)) {
    if (valid) {
      MLG_TRY_VOID(valid(text));
    }
    *to = text;
    return {};
  }
  if (place<bool>(*this, config)) {
    if (text != "true" && text != "false") return unfit(*this, shown);
    return set(config, text == "true");
  }
  if (place<std::vector<std::string>>(*this, config)) return set(config, split_list(text));
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return unfit(*this, shown);
  return set(config, number);
}

std::string Setting::toml(const Config& config) const {
  Config copy = config;
  if (const auto* text = place<std::string>(*this, copy)) return quoted(*text);
  if (const auto* on = place<bool>(*this, copy)) return *on ? "true" : "false";
  if (const auto* number = place<std::uint64_t>(*this, copy)) return std::to_string(*number);
  std::string joined;
  for (const auto& item : *place<std::vector<std::string>>(*this, copy))
    joined += (joined.empty() ? "" : ", ") + quoted(item);
  return "[" + joined + "]";
}

}  // namespace mlgraph::app
