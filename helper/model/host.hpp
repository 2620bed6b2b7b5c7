#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

namespace backups {

/// The identity of this host in the buckets that it writes to (helper/FORMAT.md, "settings.json").
/// A plain value.
struct HostIdentity {
  /// Below which new backups are stored. Made once; empty before the first use.
  std::string name;
  /// Names whose backups this host may prune and delete: `name`, and earlier ones that it kept.
  std::set<std::string> names;
  /// Names that another machine may use too, in the order in which they became doubtful. What lies
  /// below them is read but not changed until a person decides.
  std::vector<std::string> doubtful;
  /// A digest of the machine's id; empty if that is not unique (in a container).
  std::string machine;
  /// A digest of the boot, and of the inode of the state directory, for which the newest of
  /// `writers` was made.
  std::string boot;
  /// Random tokens that the manifests of this host contain, one for each boot, the newest last. A
  /// clone that has booted since, or a copy of the state directory, has another one.
  std::vector<std::string> writers;
  /// Names that a person said belong to another machine; what lies below them is kept.
  std::set<std::string> others;
  /// Tokens of manifests below a name of this host that this host did not write.
  std::set<std::string> strangers;

  bool owns(const std::string& host) const { return names.contains(host); }
  bool is_doubtful(const std::string& host) const;
  /// True if this host wrote a manifest with this token below one of its names. Also true for an
  /// empty one: older versions wrote none.
  bool wrote(const std::string& writer) const;

  /// Makes `fresh` the name of this host, and all its former names doubtful.
  void doubt(const std::string& fresh);
  /// A person decided that the doubtful names belong to this machine: the first of them is its name
  /// again.
  void keep();
  /// Adds what the identity `meanwhile` wrote and found while this one could not be understood.
  void merge(const HostIdentity& meanwhile);
  /// A person decided that the doubtful names belong to another machine.
  void disown_doubtful();

  bool operator==(const HostIdentity&) const = default;
};

nlohmann::ordered_json host_to_json(const HostIdentity& host);
/// Throws nlohmann::json::exception.
HostIdentity host_from_json(const nlohmann::json& json);

/// Makes a name such as "dokku.example.com-1f0c2a9b": the valid characters of the machine's name,
/// and random digits that distinguish hosts of the same name.
std::string make_host_name(const std::string& machine_name, const std::string& digits);

}  // namespace backups
