#include "stream/digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups {

namespace {

void check(bool ok) {
  if (!ok) throw Error(ErrorKind::kFailed, "OpenSSL cannot compute a hash");
}

}  // namespace

struct Hasher::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Hasher::Hasher(const char* name) : state_(std::make_unique<State>()) {
  const EVP_MD* kind = EVP_get_digestbyname(name);
  check(kind != nullptr && state_->context != nullptr &&
        EVP_DigestInit_ex(state_->context.get(), kind, nullptr));
}

Hasher::~Hasher() = default;

void Hasher::update(std::string_view bytes) {
  check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string Hasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  check(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size));
  return hex(digest.data(), size);
}

void DigestSink::write(std::string_view bytes) {
  hasher_.update(bytes);
  size_ += bytes.size();
  next_.write(bytes);
}

void DigestSink::finish() {
  digest_ = {size_, hasher_.finish()};
  next_.finish();
}

std::string sha256(std::string_view text) {
  Hasher hasher("SHA256");
  hasher.update(text);
  return hasher.finish();
}

}  // namespace backups
