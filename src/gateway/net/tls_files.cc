#include "gateway/net/tls_files.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "gateway/net/transport.h"

namespace mlgraph::gateway {
namespace {

std::string text_of(const ASN1_TIME* time) {
  BIO* out = BIO_new(BIO_s_mem());
  ASN1_TIME_print(out, time);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out, &text);
  std::string copy(text, static_cast<std::size_t>(size));
  BIO_free(out);
  return copy;
}

}  // namespace

base::Result<void> check_tls_files(const std::string& cert_file, const std::string& key_file) {
  MLG_TRY(context, TlsContext::load(cert_file, key_file));
  const X509* certificate = SSL_CTX_get0_certificate(context->get());
  const ASN1_TIME* until = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(until) < 0)
    return base::fail(
        base::ErrorCode::kInvalidValue, "tls_cert {} expired {}", cert_file, text_of(until)
    );
  const ASN1_TIME* from = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(from) > 0)
    return base::fail(
        base::ErrorCode::kInvalidValue, "tls_cert {} is valid from {} on", cert_file, text_of(from)
    );
  return {};
}

}  // namespace mlgraph::gateway
