#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/pick.hpp"
#include "cli/verb.hpp"
#include "copies/copy.hpp"
#include "copies/verify.hpp"
#include "model/target.hpp"
#include "store/store.hpp"

namespace backups {
namespace {

constexpr std::int64_t kLongestLifetime =
    7 * 86400;  // seconds; S3 API Reference, "Authenticating Requests: Using Query Parameters"

std::int64_t lifetime(const Options& options) {
  const std::string text = options.value("expires").value_or("1h");
  const auto seconds = parse_duration(text);
  if (!seconds || *seconds < 1 || *seconds > kLongestLifetime)
    throw Error(ErrorKind::kBadInput,
                "--expires takes a time from 1s to 7d, such as 90s, 10m or 2h");
  return *seconds;
}

const Copy& remote_copy(const Backup& backup) {
  for (const auto& copy : backup.copies)
    if (copy.status == CopyStatus::kSuccess && copy.target != kLocalTarget) return copy;
  throw Error(ErrorKind::kNotFound, backup.id + " has no off-site copy: make one with " +
                                        command("push") + " " + backup.text() +
                                        " --target NAME (see " + command("target-list") + ")");
}

int url(Call& call) {
  const std::int64_t seconds = lifetime(call.options);
  const Backup backup = call.resolver.backup(call.word(0));
  require_content(backup);
  const Copy& copy = remote_copy(backup);
  const Manifest manifest =
      any_manifest(call.state.targets, call.state.catalog, call.state.events, backup);
  const Artifact artifact = pick_artifact(manifest, call.options.value("artifact"));
  const Time requested_at = now() + seconds;
  Presigner* presigner = call.state.targets.open(copy.target, copy.host).presigner();
  if (presigner == nullptr)
    throw Error(ErrorKind::kRefused, "target " + copy.target + " cannot make download links");
  const Link link = presigner->presign(key_of(backup.source, artifact.file), seconds);
  if (link.expires < requested_at)
    log::warn("the link is only valid until " + rfc3339(link.expires) +
              ", when the credentials of " + copy.target + " expire");
  if (call.json) {
    print_json({{"id", backup.id},
                {"artifact", artifact.name},
                {"target", copy.target},
                {"url", link.url},
                {"expires_at", rfc3339(link.expires)}});
  } else {
    print(link.url + "\n");
  }
  return 0;
}

}  // namespace

Verb url_verb() {
  return {"url",
          "<backup> [--artifact NAME] [--expires 1h]",
          "print a temporary download link to an off-site copy",
          {1, 1},
          {{"artifact", "NAME",
            "which artifact, if there are several: the name of a database, or globals"},
           {"expires", "TIME", "how long the link is valid: from 1s to 7d (default 1h)"}},
          url};
}

}  // namespace backups
