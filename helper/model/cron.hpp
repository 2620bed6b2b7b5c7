#pragma once

#include <optional>
#include <string>
#include <utility>

#include "model/cron_field.hpp"
#include "sys/clock.hpp"
#include "sys/zone.hpp"

namespace backups {

struct CronFields {
  CronField minutes, hours, days, months, weekdays;
  /// Both day fields are restricted: either of them is enough.
  bool either_day;

  bool operator==(const CronFields&) const = default;
};

/// A cron expression, as crontab(5) has it. A plain value.
class Cron {
 public:
  /// Five fields, or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually. Throws
  /// Error, kBadInput, naming the word that is wrong; also for what would never run.
  static Cron parse(const std::string& expression);

  /// The five fields as they were given, a blank between two.
  const std::string& text() const { return text_; }
  const CronFields& fields() const { return fields_; }

  /// The first instant after `after` at which it runs; nothing when none comes within ten years.
  /// A time that clocks jump over runs once, right after; one that they show twice runs at the
  /// first. With every hour in it, it follows real time instead: neither more nor less of it runs
  /// when clocks are changed.
  std::optional<Time> next(Time after, const Zone& zone) const;

  /// Whether both run at the same times, however that is written.
  bool operator==(const Cron& other) const { return fields_ == other.fields_; }

 private:
  Cron(std::string text, const CronFields& fields) : text_(std::move(text)), fields_(fields) {}

  std::string text_;
  CronFields fields_;
};

// What the options --daily "02:00", --weekly "sun 02:00" and --monthly "1 02:00" mean. Each throws
// Error, kBadInput.
Cron cron_daily(const std::string& value);
Cron cron_weekly(const std::string& value);
Cron cron_monthly(const std::string& value);

}  // namespace backups
