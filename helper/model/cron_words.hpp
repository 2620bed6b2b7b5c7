#pragma once

#include <string>

#include "model/cron.hpp"

namespace backups {

/// "daily at 02:00 Europe/Berlin", "every 15 minutes", "on Monday to Friday at 02:00 UTC"; what has
/// no such words as `cron "…" Europe/Berlin`. `zone` appears only where it matters.
std::string describe(const Cron& cron, const std::string& zone);

/// "minutely" for more than once an hour, "hourly", which is also several times a day at equal
/// steps, "daily", "weekly", "monthly", or "cron" for all else.
std::string kind_of(const Cron& cron);

}  // namespace backups
