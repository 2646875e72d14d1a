#pragma once
// What the load programs share: a blocking keep-alive HTTP connection, NPY rows, percentiles. Not
// part of the product.
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include <unistd.h>

namespace bench {

[[noreturn]] inline void die(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value) die(std::string(name) + " is not set");
  return value;
}

inline int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("cannot connect");
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

inline void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) die("the server closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// One keep-alive connection to the server on loopback.
class Http {
 public:
  Http(int port, std::string token) : fd_(connect_to(port)), token_(std::move(token)) {}
  ~Http() { close(fd_); }
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  /// The answer's body; any status but 2xx ends the program.
  std::string_view call(std::string_view method, std::string_view target, std::string_view body) {
    head_ = std::string(method) + " " + std::string(target) +
            " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token_ +
            "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n";
    head_ += body;
    send_all(fd_, head_);
    in_.clear();
    for (;;) {
      char piece[65536];
      const ssize_t n = recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) die("the server closed the connection");
      in_.append(piece, static_cast<std::size_t>(n));
      const auto end = in_.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const auto at = in_.find("Content-Length: ");
      const std::size_t length = at < end ? std::strtoull(in_.c_str() + at + 16, nullptr, 10) : 0;
      if (in_.size() < end + 4 + length) continue;
      if (in_[9] != '2') die("the server answered " + in_.substr(0, 400));
      return std::string_view(in_).substr(end + 4, length);
    }
  }

 private:
  int fd_;
  std::string token_, head_, in_;
};

struct Rows {
  std::size_t rows = 0, dim = 0;
  std::vector<float> values;
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return {values.data() + i * dim, dim};
  }
};

/// A little-endian float32 NPY file that our own tools wrote.
inline Rows read_npy(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) die("cannot read " + path);
  char magic[10];
  in.read(magic, 10);
  std::string header(
      static_cast<std::size_t>(static_cast<unsigned char>(magic[8])) |
          static_cast<std::size_t>(static_cast<unsigned char>(magic[9])) << 8,
      ' '
  );
  in.read(header.data(), static_cast<std::streamsize>(header.size()));
  Rows rows;
  if (std::sscanf(header.c_str() + header.find('('), "(%zu, %zu", &rows.rows, &rows.dim) != 2)
    die("no NPY shape");
  rows.values.resize(rows.rows * rows.dim);
  in.read(
      reinterpret_cast<char*>(rows.values.data()),
      static_cast<std::streamsize>(rows.values.size() * sizeof(float))
  );
  return rows;
}

inline double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline double percentile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

inline void append_vector(std::string& out, std::span<const float> values) {
  char number[32];
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i) out += ',';
    out.append(
        number,
        static_cast<std::size_t>(
            std::snprintf(number, sizeof number, "%.9g", static_cast<double>(values[i]))
        )
    );
  }
  out += ']';
}

/// Exact nearest neighbours by squared L2: ids of the `k` nearest among `base[0..count)`.
inline std::vector<std::size_t> exact_nearest(
    const Rows& base, std::size_t count, std::span<const float> query, std::size_t k
) {
  std::vector<std::pair<float, std::size_t>> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    float sum = 0;
    const auto row = base.row(i);
    for (std::size_t d = 0; d < query.size(); ++d) sum += (row[d] - query[d]) * (row[d] - query[d]);
    all[i] = {sum, i};
  }
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k), all.end());
  std::vector<std::size_t> ids;
  for (std::size_t i = 0; i < k; ++i) ids.push_back(all[i].second);
  return ids;
}

}  // namespace bench
