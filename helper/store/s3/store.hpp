#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/s3/credentials.hpp"
#include "store/store.hpp"

namespace backups {

/// A bucket of an S3-compatible server, and how to write to it.
struct S3Target {
  std::string endpoint;  ///< "https://host[:port][/path]"; empty for Amazon
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix;      ///< prefix of every key, without '/' at its ends; may be empty
  bool path_style = true;  ///< host/bucket/key instead of bucket.host/key

  std::string storage_class;
  std::string server_side_encryption;  ///< "AES256", "aws:kms"
  std::string kms_key;
  std::string object_lock_mode = "GOVERNANCE";  ///< or "COMPLIANCE"
  std::int64_t object_lock_seconds = 0;         ///< from the time of writing; 0: not locked

  std::string ca_file;            ///< PEM; empty: the system's
  bool unsigned_payload = false;  ///< https only: saves computing a SHA-256, loses its check
  int parts_in_flight = 7;
  std::uint64_t part_size = 0;  ///< bytes, for all parts; 0: chosen for each upload

  int attempts = 10;            ///< of each request
  bool fail_fast = false;       ///< after it could not be reached, every request fails at once
  int connect_timeout = 15;     ///< seconds
  int stall_timeout = 60;       ///< seconds below 1 KiB/s
  double backoff_unit = 0.5;    ///< seconds, the first pause's upper bound
  double backoff_limit = 20.0;  ///< seconds, every pause's upper bound

  bool locks() const { return object_lock_seconds > 0; }
};

/// The objects below `prefix` in a bucket. Unlike other stores it may be read, listed and removed
/// from by several threads at once; only one put at a time. Throws Error: kUnreachable if the
/// server cannot be reached or denies access, kNotFound if the bucket does not exist, kDamaged if
/// bytes do not match their checksum, kCancelled if a stop is requested. No message contains a
/// secret.
class S3Store : public Store,
                public Presigner,
                public UploadSweeper,
                public Prober,
                public ObjectLock {
 public:
  // list("") lists everything. Checks are "write", "read", "list", "delete", "multipart",
  // "create-only", "clock", and those of the target's options: "object-lock", "encryption",
  // "storage-class".
  Presigner* presigner() override { return this; }
  UploadSweeper* upload_sweeper() override { return this; }
  Prober* prober() override { return this; }
  ObjectLock* object_lock() override { return this; }

  /// The region that the server named, otherwise the target's.
  virtual std::string region() const = 0;
};

/// Makes no request. Throws Error, kBadInput, for a target that cannot work.
std::unique_ptr<S3Store> make_s3_store(const S3Target& target, const S3Credentials& credentials);

}  // namespace backups
