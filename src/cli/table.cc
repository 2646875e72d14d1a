#include "cli/table.h"

#include <algorithm>

namespace mlgraph::cli {
namespace {

constexpr unsigned char kContinuationMask = 0xC0;
constexpr unsigned char kContinuation = 0x80;

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & kContinuationMask) != kContinuation;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {  // a colour: up to its 'm'
      at = std::min(text.find('m', at), text.size());
      continue;
    }
    if (begins_code_point(text[at])) ++width;
  }
  return width;
}

std::string fitted(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  std::size_t taken = 0;
  bool colored = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      const auto end = text.find('m', at);
      out += text.substr(at, end - at + 1);
      colored = true;
      at = end;
      continue;
    }
    if (begins_code_point(text[at]) && ++taken >= width) break;
    out.push_back(text[at]);
  }
  if (width > 0) out += "…";
  return colored ? out + "\x1b[0m" : out;
}

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::size_t has = display_width(text);
  const std::string blanks(has < width ? width - has : 0, ' ');
  return right ? blanks + std::string(text) : std::string(text) + blanks;
}

Table::Table(std::vector<std::string> titles) {
  for (auto& title : titles) {
    const bool right = title.starts_with('>');
    if (right) title.erase(0, 1);
    columns_.push_back({title, right, display_width(title)});
  }
}

void Table::row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::size_t at = 0; at < cells.size(); ++at)
    columns_[at].width = std::max(columns_[at].width, display_width(cells[at]));
  rows_.push_back(std::move(cells));
}

std::string Table::text(const Terminal& terminal) const {
  std::vector<std::string> titles;
  for (const auto& column : columns_) titles.push_back(column.title);
  std::string out = terminal.paint(Color::kDim, line(titles)) + "\n";
  for (const auto& cells : rows_) out += line(cells) + "\n";
  return out;
}

std::string Table::line(const std::vector<std::string>& cells) const {
  std::string out;
  for (std::size_t at = 0; at < columns_.size(); ++at) {
    if (at > 0) out += "  ";
    const bool last = at + 1 == columns_.size();
    out += last && !columns_[at].right ? cells[at]
                                       : padded(cells[at], columns_[at].width, columns_[at].right);
  }
  return out;
}

}  // namespace mlgraph::cli
