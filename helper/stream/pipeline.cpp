#include "stream/pipeline.hpp"

#include <utility>

#include "base/error.hpp"

namespace backups {

Encoder::Encoder(const Encoding& encoding, Sink& stored) : stored_(stored), first_(&stored_) {
  for (auto step = encoding.rbegin(); step != encoding.rend(); ++step) {
    stages_.push_back(step->stage->encode(step->level, *first_));
    first_ = stages_.back().get();
  }
  if (stages_.empty()) return;
  raw_.emplace(*first_);
  first_ = &*raw_;
}

Decoder::Decoder(const Stages& stages, Digest stored, Digest raw, Sink& plain)
    : expected_stored_(std::move(stored)), expected_raw_(std::move(raw)) {
  if (!stages.empty()) raw_.emplace(plain);
  raw_limit_.emplace(expected_raw_.size, raw_ ? static_cast<Sink&>(*raw_) : plain);
  Sink* next = &*raw_limit_;
  for (const Stage* stage : stages) {
    stages_.push_back(stage->decode(*next));
    next = stages_.back().get();
  }
  stored_.emplace(*next);
  stored_limit_.emplace(expected_stored_.size, *stored_);
}

void Decoder::finish() {
  stored_limit_->finish();
  if (stored_->digest() != expected_stored_)
    throw Error(ErrorKind::kDamaged, "its SHA-256 does not match the manifest");
  if ((raw_ ? *raw_ : *stored_).digest() != expected_raw_)
    throw Error(ErrorKind::kDamaged, "the SHA-256 of the plain dump does not match the manifest");
}

}  // namespace backups
