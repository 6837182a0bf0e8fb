// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3 for Swift: its headers, and functions for those of its macros that Swift does not import.
#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3 is needed (Debian: libssl-dev)"
#endif

// The settings of all our contexts:
// - an idle connection keeps no record buffers (34 KB of them otherwise);
// - no renegotiation, which TLS 1.3 has abolished and which would make a write wait for a read;
// - no compression (CRIME), and the server's order of ciphers.
static inline void asyncio_ssl_ctx_set_defaults(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}

static inline int asyncio_ssl_ctx_set_versions(SSL_CTX *context, int least, int most) {
  return SSL_CTX_set_min_proto_version(context, least) && SSL_CTX_set_max_proto_version(context, most);
}

static inline void asyncio_ssl_ctx_set_no_tickets(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
}

static inline void asyncio_ssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) {
  SSL_CTX_set_session_cache_mode(context, mode);
}

// Adds the chain's second or a further certificate, and takes a reference of its own.
static inline int asyncio_ssl_ctx_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int asyncio_ssl_set_host_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline void asyncio_bio_want_read(BIO *bio) { BIO_set_retry_read(bio); }

static inline void asyncio_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

// The content of a memory BIO; valid until the BIO changes.
static inline long asyncio_bio_memory(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

// A name in the form of RFC 2253, in UTF-8.
static inline int asyncio_x509_name_print(BIO *bio, const X509_NAME *name) {
  return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}

// Calls back with each DNS name (0) and IP address (1) that a certificate is for.
static inline void asyncio_x509_for_each_name(
    X509 *certificate, void *context, void (*found)(void *context, int isAddress, const unsigned char *bytes, int count)) {
  GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name->type == GEN_DNS) {
      found(context, 0, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      found(context, 1, ASN1_STRING_get0_data(name->d.iPAddress), ASN1_STRING_length(name->d.iPAddress));
    }
  }
  GENERAL_NAMES_free(names);
}

// Converts one of a certificate's times to seconds since 1970.
static inline int asyncio_asn1_time(const ASN1_TIME *time, struct tm *parts) { return ASN1_TIME_to_tm(time, parts); }

static inline int asyncio_err_library(unsigned long error) { return ERR_GET_LIB(error); }
static inline int asyncio_err_reason(unsigned long error) { return ERR_GET_REASON(error); }

// Whether an error has no reason of its own library: it names another library that failed, or a lack of memory and the
// like.
static inline int asyncio_err_is_common(unsigned long error) {
  return (ERR_GET_RFLAGS(error) & ERR_RFLAG_COMMON) != 0;
}
