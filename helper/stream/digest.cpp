#include "stream/digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups {

struct DigestSink::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};

  State() { check(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr)); }

  static void check(bool ok) {
    if (!ok) throw Error(ErrorKind::kFailed, "OpenSSL cannot compute SHA-256");
  }

  void update(std::string_view bytes) {
    check(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()));
  }

  std::string final_hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    check(EVP_DigestFinal_ex(context.get(), digest.data(), &size));
    return hex(digest.data(), size);
  }
};

DigestSink::DigestSink(Sink& next) : next_(next), state_(std::make_unique<State>()) {}
DigestSink::~DigestSink() = default;

void DigestSink::write(std::string_view bytes) {
  state_->update(bytes);
  size_ += bytes.size();
  next_.write(bytes);
}

void DigestSink::finish() {
  digest_ = {size_, state_->final_hex()};
  next_.finish();
}

std::string sha256(std::string_view text) {
  NullSink nowhere;
  DigestSink digest(nowhere);
  digest.write(text);
  digest.finish();
  return digest.digest().sha256;
}

}  // namespace backups
