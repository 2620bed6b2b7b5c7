#include "model/cron.hpp"

#include <cstdlib>

#include "input.hpp"
#include "sys/zone.hpp"

using namespace backups;

/// Words in time are words of a cron expression too. What is accepted means the same when it is
/// read again, and runs next after the time that was asked about, where clocks change too.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Zone zone("Europe/Berlin");
  constexpr Time kBeforeSummer = 1774742400;  // 2026-03-29 00:00 UTC
  if (size > 200) return -1;
  const std::string text = fuzz::text_of(data, size);
  for (const auto& read : {cron_daily, cron_weekly, cron_monthly})
    fuzz::may_refuse([&] { read(text); });
  fuzz::may_refuse([&] {
    const Cron cron = Cron::parse(text);
    if (!(Cron::parse(cron.text()) == cron)) std::abort();
    const auto next = cron.next(kBeforeSummer, zone);
    if (next && (*next <= kBeforeSummer || cron.next(*next - 1, zone) != next)) std::abort();
  });
  return 0;
}
