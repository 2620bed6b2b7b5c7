#pragma once

#include <string>

#include "model/cron.hpp"

namespace backups {

/// Describes an expression: "daily at 02:00 Europe/Berlin", "every 15 minutes", "on Monday to
/// Friday at 02:00 UTC". If there are no such words, `cron "…" Europe/Berlin`. `zone` is named only
/// if it matters.
std::string describe(const Cron& cron, const std::string& zone);

/// Classifies an expression: "minutely" (more than once an hour), "hourly" (also several times a
/// day at equal intervals), "daily", "weekly", "monthly", otherwise "cron".
std::string kind_of(const Cron& cron);

}  // namespace backups
