#include "host/identity.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "stream/digest.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

/// Returns a digest, because machine-id(5) asks not to expose the id itself.
std::string digest_of(const char* path, const std::string& more = {}) {
  const std::string text = trim(read_file(path).value_or(""));
  return text.empty() || text == "uninitialized"
             ? ""
             : sha256("dokku-backups " + text + more).substr(0, 32);
}

/// Depends on the boot and on the directory, since both a clone and a copy of the directory are
/// another writer.
std::string boot_digest(const fs::path& root) {
  struct stat found {};
  const bool is_there = ::stat(root.c_str(), &found) == 0;
  return digest_of("/proc/sys/kernel/random/boot_id",
                   is_there ? " " + std::to_string(found.st_ino) : "");
}

/// Empty in a container, where the id is that of the image and not unique.
std::string machine_digest() {
  for (const char* mark : {"/.dockerenv", "/run/.containerenv"})
    if (fs::exists(mark)) return "";
  return digest_of("/etc/machine-id");
}

std::string fresh_name(const std::string& digits = random_hex(4)) {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return make_host_name(name.data(), digits);
}

Alert identity_alert(const std::string& message) {
  return {.kind = AlertKind::kIdentity, .message = message};
}

/// Completes the identity. Returns true if this is another machine than before.
bool settle(Settings& settings, const std::string& machine, const std::string& boot) {
  HostIdentity& host = settings.host;
  if (host.name.empty())
    host.name = settings.host_id.empty() ? fresh_name() : fresh_name(settings.host_id);
  settings.host_id.clear();
  if (host.names.empty()) host.names = {host.name};
  const bool moved = !machine.empty() && !host.machine.empty() && machine != host.machine;
  if (moved) host.doubt(fresh_name());
  if (!machine.empty()) host.machine = machine;
  if (moved || host.writers.empty() || (!boot.empty() && boot != host.boot)) {
    host.writers.push_back(random_hex(8));
    host.boot = boot;
  }
  return moved;
}

}  // namespace

void Identity::publish_doubt(const HostIdentity& host, const std::string& why) const {
  const std::string message =
      why + ". New off-site backups are stored below " + host.name + "; those below " +
      join(host.doubtful, ", ") +
      " are read, but neither pruned nor deleted, until you decide which machine this is: " +
      command("host") + " --keep, or " + command("host") + " --new";
  log::warn(message);
  events_.publish(Problem{identity_alert(message)});
}

void Identity::publish_doubt_solved() const {
  events_.publish(ProblemSolved{identity_alert("this machine is " + settings_.read().host.name)});
}

HostIdentity Identity::read() {
  const std::string machine = machine_digest();
  const std::string boot = boot_digest(paths_.root);
  Settings settled = settings_.read();
  const HostIdentity known = settled.host;
  settle(settled, machine, boot);
  if (settled.host == known) return known;
  bool moved = false;
  try {
    settings_.change([&](Settings& settings) {
      moved = settle(settings, machine, boot);
      settled = settings;
    });
  } catch (const Error&) {
    // Reading must work on a disk that cannot be written. A token that is not stored would later be
    // that of another machine.
    if (known.name.empty()) throw;
    if (settled.host.name == known.name && !known.writers.empty()) return known;
  }
  if (moved)
    publish_doubt(settled.host, "This is not the machine on which " +
                                    settled.host.doubtful.front() +
                                    " was created: it is a clone, or a new machine with its files");
  return settled.host;
}

void Identity::doubt(const std::string& why, const std::string& writer) {
  read();
  HostIdentity host;
  bool is_new = false;
  settings_.change([&](Settings& settings) {
    is_new = settings.host.strangers.insert(writer).second;
    if (is_new) settings.host.doubt(fresh_name());
    host = settings.host;
  });
  if (is_new) publish_doubt(host, why + ": another machine writes under the same name");
}

void Identity::keep() {
  read();
  settings_.change([](Settings& settings) {
    settings.host.keep();
    settings.forget_unclear_host();
  });
  publish_doubt_solved();
}

void Identity::renew() {
  read();
  settings_.change([](Settings& settings) {
    if (settings.host.doubtful.empty() && !settings.has_unclear_host())
      settings.host.doubt(fresh_name());
    settings.host.disown_doubtful();
    settings.forget_unclear_host();
  });
  publish_doubt_solved();
}

}  // namespace backups
