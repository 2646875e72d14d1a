#include "gateway/net/response_writer.h"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace mlgraph::gateway {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

std::string_view reason_of(int status) {
  namespace http = boost::beast::http;
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return {reason.data(), reason.size()};
}

std::shared_ptr<std::FILE> open_file(const std::string& path, std::uint64_t& length) {
  std::shared_ptr<std::FILE> file(std::fopen(path.c_str(), "rbe"), [](std::FILE* f) {
    if (f) std::fclose(f);
  });
  if (!file) return nullptr;
  if (std::fseek(file.get(), 0, SEEK_END) == 0)
    length = static_cast<std::uint64_t>(std::ftell(file.get()));
  std::rewind(file.get());
  return file;
}

}  // namespace

void ResponseWriter::begin(const HttpResponse& response, const Headers& more, Framing framing) {
  std::uint64_t length = response.body.size();
  file_ = response.file_path.empty() ? nullptr : open_file(response.file_path, length);
  if (!file_ && !response.file_path.empty())
    return begin(
        error_response({base::ErrorCode::kNotFound, "the file is there no longer", {}, {}}),
        more,
        framing
    );
  out_ = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  if (!response.content_type.empty()) out_ += "Content-Type: " + response.content_type + "\r\n";
  if (response.status != 204 && response.status != 304 && !response.endless)
    out_ += "Content-Length: " + std::to_string(length) + "\r\n";
  out_ += "X-Content-Type-Options: nosniff\r\n";
  if (response.cache_control.empty())
    out_ += "Cache-Control: no-store\r\n";
  else
    out_ += "Cache-Control: " + response.cache_control + "\r\n";
  for (const auto* headers : {&more, &response.headers})
    for (const auto& [name, value] : *headers) {
      if (name.find_first_of("\r\n") != std::string::npos ||
          value.find_first_of("\r\n") != std::string::npos)
        continue;
      out_.append(name).append(": ").append(value).append("\r\n");
    }
  out_ += framing.close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  if (framing.head_only)
    file_.reset();
  else
    out_ += response.body;
  sent_ = 0;
}

ResponseWriter::Step ResponseWriter::write(Transport& transport) {
  if (sent_ == out_.size() && file_) {
    out_.resize(kPieceBytes);
    out_.resize(std::fread(out_.data(), 1, out_.size(), file_.get()));
    sent_ = 0;
    if (out_.empty()) file_.reset();
  }
  if (sent_ == out_.size()) {
    out_ = {};
    sent_ = 0;
    return Step::kDone;
  }
  const iovec piece{out_.data() + sent_, out_.size() - sent_};
  const auto put = transport.write({&piece, 1});
  if (put.closed) return Step::kClosed;
  sent_ += put.bytes;
  return put.bytes > 0 ? Step::kWritten : Step::kBlocked;
}

}  // namespace mlgraph::gateway
