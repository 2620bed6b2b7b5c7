#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

namespace backups {

/// Who this host is to the buckets that it writes into (helper/FORMAT.md, "settings.json"). A plain
/// value.
struct HostIdentity {
  /// Below which new backups go, made once; empty before the first use.
  std::string name;
  /// Whose backups are this host's to prune and delete: `name`, and earlier ones that it kept.
  std::set<std::string> names;
  /// Names that another machine may use too, the first one first: what lies below them is read and
  /// otherwise left alone until a person decides.
  std::vector<std::string> doubtful;
  /// A digest of the machine's identity; empty where that tells nothing.
  std::string machine;
  /// A digest of the boot, and of the root's inode, in which the newest of `writers` was made.
  std::string boot;
  /// Random tokens that manifests of this host carry, one for each boot, the newest last: a clone
  /// that has booted since, or a copy of the root, has another one.
  std::vector<std::string> writers;
  /// Names that a person has said are another machine's: what lies below them stays.
  std::set<std::string> others;
  /// Tokens of manifests that lay below a name of ours and that we did not write.
  std::set<std::string> strangers;

  bool owns(const std::string& host) const { return names.contains(host); }
  bool doubts(const std::string& host) const;
  /// True when a manifest with that token below a name of ours was written by us, as far as can be
  /// told: older versions wrote none.
  bool wrote(const std::string& writer) const;

  /// From now on the host has `fresh` as its name, and all its names are doubtful.
  void doubt(const std::string& fresh);
  /// A person says that they are this machine's after all: the first is its name again.
  void keep();
  /// What `meanwhile` had written and met while this identity could not be understood is its own.
  void absorb(const HostIdentity& meanwhile);
  /// A person says that they are another machine's.
  void renounce();

  bool operator==(const HostIdentity&) const = default;
};

nlohmann::ordered_json host_to_json(const HostIdentity& host);
/// Throws nlohmann::json::exception.
HostIdentity host_from_json(const nlohmann::json& json);

/// "dokku.example.com-1f0c2a9b": the name of the machine, as far as it can be one in a bucket, and
/// the random digits that tell two hosts of one name apart.
std::string make_host_name(const std::string& machine_name, const std::string& digits);

}  // namespace backups
