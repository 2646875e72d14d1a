#pragma once
// One non-blocking connection of fanout_load, plain or TLS. Not part of the product.
#include <cerrno>
#include <memory>
#include <span>
#include <string_view>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "load_client.h"

namespace bench {

struct FreeTls {
  void operator()(SSL* tls) const { SSL_free(tls); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

/// A client's context that takes any certificate.
inline TlsContext make_tls_context() {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_read_ahead(context.get(), 1);  // one recv() for many records
  SSL_CTX_set_mode(
      context.get(),
      SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
  );
  return context;
}

/// A connected socket, or -1 where it is refused. `number` chooses one of eight source addresses,
/// so that ports do not run out.
inline int dial(int port, std::size_t number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("no descriptor is left");
  const int one = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const linger reset{1, 0};  // nothing waits in the kernel once the program has ended
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(number % 8));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) == 0 &&
      connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
      fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
    return fd;
  close(fd);
  return -1;
}

/// Owns its descriptor.
class FanoutStream {
 public:
  static constexpr ssize_t kEnded = -1, kNothing = 0;

  FanoutStream() = default;
  /// `context` is null for a plain connection; the handshake goes with the first writes and reads.
  FanoutStream(int fd, SSL_CTX* context) : fd_(fd) {
    if (!context) return;
    tls_.reset(SSL_new(context));
    SSL_set_fd(tls_.get(), fd);
    SSL_set_connect_state(tls_.get());
  }
  ~FanoutStream() {
    if (fd_ >= 0) close(fd_);
  }
  FanoutStream(FanoutStream&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), tls_(std::move(other.tls_)) {}
  FanoutStream& operator=(FanoutStream&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(tls_, other.tls_);
    return *this;
  }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
  /// What stopped the last write is a full socket, not a handshake that waits for the server.
  [[nodiscard]] bool wants_writable() const { return !tls_ || SSL_want_write(tls_.get()); }

  ssize_t read_some(std::span<char> into) {
    if (!tls_) return result(recv(fd_, into.data(), into.size(), 0));
    ERR_clear_error();
    return tls_result(SSL_read(tls_.get(), into.data(), static_cast<int>(into.size())));
  }
  ssize_t write_some(std::string_view bytes) {
    if (!tls_) return result(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    ERR_clear_error();
    return tls_result(SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())));
  }

 private:
  static ssize_t result(ssize_t n) {
    if (n > 0) return n;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? kNothing : kEnded;
  }
  ssize_t tls_result(int n) {
    if (n > 0) return n;
    const int why = SSL_get_error(tls_.get(), n);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? kNothing : kEnded;
  }

  int fd_ = -1;
  std::unique_ptr<SSL, FreeTls> tls_;
};

}  // namespace bench
