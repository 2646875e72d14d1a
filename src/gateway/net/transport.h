#pragma once
// Bytes over one accepted socket, plain or TLS: never blocking, readiness by Asio.
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <sys/uio.h>

#include <boost/asio/ip/tcp.hpp>

#include "base/error.h"
#include "base/snapshot_cell.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

namespace mlgraph::gateway {

/// Certificate, key and rules of one generation: connections keep the one they began with.
/// Immutable.
class TlsContext {
 public:
  /// TLS 1.2 and newer, forward secrecy only. errors kInvalidValue naming the file.
  [[nodiscard]] static base::Result<std::shared_ptr<const TlsContext>> load(
      const std::string& cert_file, const std::string& key_file
  );
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  [[nodiscard]] SSL_CTX* get() const { return context_; }

 private:
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  SSL_CTX* context_;
};

/// Threads   confined to its loop.
/// Lifetime  a pending wait keeps nothing alive: its handler must.
class Transport {
 public:
  using Socket = boost::asio::
      basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  struct Io {
    std::size_t bytes = 0;
    bool closed = false;  ///< end of stream, reset, or a TLS error: nothing more will come or go
    bool needs_write =
        false;  ///< a read that waits for the socket to take bytes (TLS), or the other way round
  };
  Transport(Socket socket, const std::shared_ptr<const TlsContext>& tls);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// As much as is there, up to out.size(); 0 bytes and not closed: would block. The TLS handshake
  /// happens inside.
  [[nodiscard]] Io read(std::span<char> out);
  [[nodiscard]] Io write(std::span<const iovec> pieces);
  /// One pending wait each way at most.
  void wait_readable(std::function<void()> ready);
  void wait_writable(std::function<void()> ready);
  /// Bytes already decrypted: a wait would not see them.
  [[nodiscard]] bool has_pending() const;
  /// Sends our end of stream; reading goes on.
  void shutdown_write();
  /// Fixed kernel buffer, so that a bound on queued bytes is one.
  void fix_send_buffer(int bytes);
  /// What may be written to without this object; -1: TLS.
  [[nodiscard]] int plain_socket() { return ssl_ ? -1 : socket_.native_handle(); }
  /// Ends it; with `reset` what is unsent is dropped and the peer sees a reset.
  void close(bool reset);
  [[nodiscard]] std::string remote() const;

 private:
  [[nodiscard]] Io tls_result(int result);
  Socket socket_;
  const std::shared_ptr<const TlsContext> tls_;
  SSL* ssl_ = nullptr;
  void gather(std::span<const iovec> pieces, std::size_t skip);
  std::string record_;  ///< TLS: bytes being written as one record; kept while OpenSSL asks for the
                        ///< same again
};

}  // namespace mlgraph::gateway
