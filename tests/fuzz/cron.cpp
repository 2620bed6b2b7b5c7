#include "model/cron.hpp"

#include "input.hpp"
#include "sys/zone.hpp"

using namespace backups;

/// Words in time are words of a cron expression too.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 200) return -1;
  fuzz::may_refuse([&] { cron_daily(fuzz::text_of(data, size)); });
  fuzz::may_refuse([&] {
    const Cron cron = Cron::parse(fuzz::text_of(data, size));
    Cron::parse(cron.text());
  });
  return 0;
}
