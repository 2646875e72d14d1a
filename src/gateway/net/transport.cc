#include "gateway/net/transport.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

#include "gateway/net/socket_errors.h"

namespace mlgraph::gateway {
namespace {

constexpr std::size_t kRecordMax = 16 * 1024;
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-"
    "RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";

std::string openssl_reason() {
  char text[256] = "unknown reason";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  return text;
}

}  // namespace

base::Result<std::shared_ptr<const TlsContext>> TlsContext::load(
    const std::string& cert_file, const std::string& key_file
) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> context(new TlsContext(SSL_CTX_new(TLS_server_method())));
  SSL_CTX* raw = context->get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, kCiphers);
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
  );
  SSL_CTX_set_mode(
      raw,
      SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
  );
  if (SSL_CTX_use_certificate_chain_file(raw, cert_file.c_str()) != 1)
    return base::fail(
        base::ErrorCode::kInvalidValue, "tls_cert {}: {}", cert_file, openssl_reason()
    );
  const bool loaded = SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  const bool mismatched = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
  if (!loaded && !mismatched)
    return base::fail(base::ErrorCode::kInvalidValue, "tls_key {}: {}", key_file, openssl_reason());
  if (!loaded || SSL_CTX_check_private_key(raw) != 1)
    return base::fail(
        base::ErrorCode::kInvalidValue, "tls_key {} does not belong to {}", key_file, cert_file
    );
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Transport::Transport(Socket socket, const std::shared_ptr<const TlsContext>& tls)
    : socket_(std::move(socket)), tls_(tls) {
  boost::system::error_code ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ec);
  if (!tls_) return;
  ssl_ = SSL_new(tls_->get());
  SSL_set_fd(ssl_, socket_.native_handle());
  SSL_set_accept_state(ssl_);
}

static_assert(sizeof(Transport) <= 96);  // docs/design/0008-fan-out.md
Transport::~Transport() {
  if (ssl_) SSL_free(ssl_);
}

Transport::Io Transport::tls_result(int result) {
  Io io;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      break;
    case SSL_ERROR_WANT_WRITE:
      io.needs_write = true;
      break;
    default:
      io.closed = true;
  }
  ERR_clear_error();
  return io;
}

Transport::Io Transport::read(std::span<char> out) {
  if (ssl_) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_, out.data(), out.size(), &bytes);
    if (result == 1) return {bytes, false, false};
    return tls_result(result);
  }
  const ssize_t n = ::recv(socket_.native_handle(), out.data(), out.size(), 0);
  if (n > 0) return {static_cast<std::size_t>(n), false, false};
  if (n < 0 && would_block(errno)) return {};
  return {0, true, false};
}

Transport::Io Transport::write(std::span<const iovec> pieces) {
  if (!ssl_) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (n >= 0) return {static_cast<std::size_t>(n), false, false};
    if (would_block(errno)) return {};
    return {0, true, false};
  }
  // One record for all that is pending: fewer headers, fewer system calls. A record that OpenSSL
  // could not send yet must be offered again as it was; its bytes still stand first in what the
  // caller offers, so they are counted when it is taken.
  Io total;
  std::size_t skip = 0;
  for (;;) {
    if (record_.empty()) gather(pieces, skip);
    if (record_.empty()) return total;
    ERR_clear_error();
    std::size_t taken = 0;
    const int result = SSL_write_ex(ssl_, record_.data(), record_.size(), &taken);
    if (result != 1) {
      const Io stopped = tls_result(result);
      total.closed = stopped.closed;
      total.needs_write = stopped.needs_write;
      return total;
    }
    total.bytes += taken;
    skip += taken;
    record_.clear();
  }
}

void Transport::gather(std::span<const iovec> pieces, std::size_t skip) {
  for (const auto& piece : pieces) {
    if (skip >= piece.iov_len) {
      skip -= piece.iov_len;
      continue;
    }
    const std::size_t n = std::min(kRecordMax - record_.size(), piece.iov_len - skip);
    record_.append(static_cast<const char*>(piece.iov_base) + skip, n);
    skip = 0;
    if (record_.size() == kRecordMax) return;
  }
}

void Transport::wait_readable(std::function<void()> ready) {
  socket_.async_wait(Socket::wait_read, [ready = std::move(ready)](boost::system::error_code ec) {
    if (ec != boost::asio::error::operation_aborted) ready();
  });
}

void Transport::wait_writable(std::function<void()> ready) {
  socket_.async_wait(Socket::wait_write, [ready = std::move(ready)](boost::system::error_code ec) {
    if (ec != boost::asio::error::operation_aborted) ready();
  });
}

bool Transport::has_pending() const { return ssl_ && SSL_has_pending(ssl_) == 1; }

void Transport::shutdown_write() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  boost::system::error_code ec;
  socket_.shutdown(Socket::shutdown_send, ec);
}

void Transport::fix_send_buffer(int bytes) {
  boost::system::error_code ec;
  socket_.set_option(boost::asio::socket_base::send_buffer_size(bytes), ec);
}

void Transport::close(bool reset) {
  boost::system::error_code ec;
  if (reset) socket_.set_option(boost::asio::socket_base::linger(true, 0), ec);
  socket_.close(ec);
}

std::string Transport::remote() const {
  boost::system::error_code ec;
  const auto endpoint = socket_.remote_endpoint(ec);
  return ec ? std::string("unknown") : endpoint.address().to_string();
}

}  // namespace mlgraph::gateway
