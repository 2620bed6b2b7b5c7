#include "model/host.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/source.hpp"

namespace backups {
namespace {

constexpr std::size_t kMachinePart = 64;  // characters of the machine's name in a host name

}  // namespace

bool HostIdentity::is_doubtful(const std::string& host) const {
  return std::find(doubtful.begin(), doubtful.end(), host) != doubtful.end();
}

bool HostIdentity::wrote(const std::string& writer) const {
  return writer.empty() || std::find(writers.begin(), writers.end(), writer) != writers.end();
}

void HostIdentity::doubt(const std::string& fresh) {
  if (!name.empty() && !is_doubtful(name)) doubtful.push_back(name);
  for (const auto& own : names)
    if (!is_doubtful(own)) doubtful.push_back(own);
  name = fresh;
  names = {fresh};
}

void HostIdentity::keep() {
  if (doubtful.empty()) return;
  names.insert(doubtful.begin(), doubtful.end());
  name = doubtful.front();
  doubtful.clear();
}

void HostIdentity::merge(const HostIdentity& meanwhile) {
  names.insert(meanwhile.names.begin(), meanwhile.names.end());
  writers.insert(writers.begin(), meanwhile.writers.begin(), meanwhile.writers.end());
  strangers.insert(meanwhile.strangers.begin(), meanwhile.strangers.end());
}

void HostIdentity::disown_doubtful() {
  others.insert(doubtful.begin(), doubtful.end());
  doubtful.clear();
}

nlohmann::ordered_json host_to_json(const HostIdentity& host) {
  nlohmann::ordered_json json = {{"name", host.name},
                                 {"names", host.names},
                                 {"machine", host.machine},
                                 {"boot", host.boot},
                                 {"writers", host.writers}};
  if (!host.doubtful.empty()) json["doubtful"] = host.doubtful;
  if (!host.others.empty()) json["others"] = host.others;
  if (!host.strangers.empty()) json["strangers"] = host.strangers;
  return json;
}

HostIdentity host_from_json(const nlohmann::json& json) {
  HostIdentity host;
  host.name = json.at("name");
  host.names = json.value("names", host.names);
  host.doubtful = json.value("doubtful", host.doubtful);
  host.machine = json.value("machine", "");
  host.boot = json.value("boot", "");
  host.writers = json.value("writers", host.writers);
  host.others = json.value("others", host.others);
  host.strangers = json.value("strangers", host.strangers);
  return host;
}

std::string make_host_name(const std::string& machine_name, const std::string& digits) {
  std::string name = machine_name.substr(0, kMachinePart);
  for (char& c : name)
    if (!valid_name(std::string{'x', c})) c = '-';
  name.erase(0, name.find_first_not_of(".-"));
  return (name.empty() ? "host" : name) + "-" + digits;
}

}  // namespace backups
