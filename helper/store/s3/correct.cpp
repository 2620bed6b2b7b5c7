// What a response that refuses a request corrects: S3Client::correct() of store/s3/client.hpp.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "store/s3/client.hpp"
#include "store/s3/problem.hpp"

namespace backups {
namespace {

constexpr std::int64_t kToleratedSkew = 5 * 60;  // seconds; servers refuse 15 minutes

/// True for a region that can be used in headers: it comes from a response.
bool valid_region(const std::string& region) {
  return !region.empty() && region.size() <= 64 &&
         std::all_of(region.begin(), region.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
         });
}

bool has_header(const Fields& headers, const std::string& name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == name; });
}

}  // namespace

void S3Client::explain(const Terms& terms, HttpResponse& response, S3Problem& problem) {
  static const std::set<int> silent = {301, 307, 400};
  if (!silent.contains(response.status)) return;
  S3Request list{.doing = "list the objects", .method = "GET"};
  list.query = {{"list-type", "2"}, {"max-keys", "1"}};
  list.timeout = kShortRequest;
  HttpResponse told = send_once(list, terms, false);
  if (told.status != response.status) return;
  problem = problem_in(told, false).value_or(problem);
  response = std::move(told);
}

bool S3Client::correct(const S3Request& request, const Terms& terms, const HttpResponse& response,
                       const S3Problem& problem) {
  return correct_region(terms, response, problem) || correct_clock(terms, response, problem) ||
         correct_credentials(terms, problem) || correct_checksum(request, terms, response, problem);
}

bool S3Client::correct_credentials(const Terms& terms, const S3Problem& problem) {
  const bool expired = problem.code == "ExpiredToken" || problem.code == "TokenRefreshRequired";
  return expired && keyring_.renew(terms.credentials.token);
}

bool S3Client::correct_region(const Terms& terms, const HttpResponse& response,
                              const S3Problem& problem) {
  const std::string hint = response.header("x-amz-bucket-region");
  const std::string right = problem.region.empty() ? hint : problem.region;
  if (!valid_region(right)) return false;
  const bool about_region = response.status == 301 || response.status == 302 ||
                            response.status == 307 || response.status == 400;
  if (!about_region || right == terms.region) return false;
  const std::lock_guard lock(mutex_);
  if (region_corrected_) return region_ != terms.region;
  log::warn("the bucket " + target_.bucket + " is in the region " + printable(right) + ", not " +
            region_ + ": set the region of the target to save a request each time");
  region_ = right;
  region_corrected_ = true;
  return true;
}

bool S3Client::correct_clock(const Terms& terms, const HttpResponse& response,
                             const S3Problem& problem) {
  // The response to a refused HEAD has no body with the reason.
  const bool told = problem.code == "RequestTimeTooSkewed";
  const bool silent = response.status == 403 && problem.code.empty();
  const std::lock_guard lock(mutex_);
  if ((!told && !silent) || !skew_) return false;
  if (std::llabs(*skew_ - offset_) < kToleratedSkew) return offset_ != terms.offset;
  if (clock_corrected_ && !told) return false;
  if (!clock_corrected_)
    log::warn("the clock of this host is " + human_duration(std::llabs(*skew_)) +
              (*skew_ > 0 ? " behind" : " ahead of") +
              " the object store's, which is used for now: correct the clock");
  clock_corrected_ = true;
  offset_ = *skew_;
  return true;
}

bool S3Client::correct_checksum(const S3Request& request, const Terms& terms,
                                const HttpResponse& response, const S3Problem& problem) {
  const bool sent = terms.checksum_headers &&
                    std::any_of(request.headers.begin(), request.headers.end(), is_checksum);
  const bool conditional = has_header(request.headers, "if-none-match");
  if (!sent || (conditional && response.status == 501) ||
      !refuses_checksums(response.status, problem))
    return false;
  checksum_headers_ = false;
  return true;
}

}  // namespace backups
