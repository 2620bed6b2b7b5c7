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
  /// True if both day fields are restricted, when a match of either is enough (crontab(5)).
  bool either_day;

  bool operator==(const CronFields&) const = default;
};

/// A cron expression (crontab(5)). A plain value.
class Cron {
 public:
  /// Parses five fields, or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
  /// Throws Error, kBadInput, naming the invalid word; also for an expression that would never run.
  static Cron parse(const std::string& expression);

  /// The five fields as they were given, separated by single blanks.
  const std::string& text() const { return text_; }
  const CronFields& fields() const { return fields_; }

  /// The first instant after `after` at which it runs; nothing if there is none within ten years. A
  /// time that clocks skip runs once, right after the change; a time that they show twice runs the
  /// first time only. An expression that includes every hour follows elapsed time instead, and is
  /// not affected by clock changes.
  std::optional<Time> next(Time after, const Zone& zone) const;

  /// True if both run at the same times, however they are written.
  bool operator==(const Cron& other) const { return fields_ == other.fields_; }

 private:
  Cron(std::string text, const CronFields& fields) : text_(std::move(text)), fields_(fields) {}

  std::string text_;
  CronFields fields_;
};

// The expressions for the options --daily "02:00", --weekly "sun 02:00" and --monthly "1 02:00".
// All throw Error, kBadInput.
Cron cron_daily(const std::string& value);
Cron cron_weekly(const std::string& value);
Cron cron_monthly(const std::string& value);

}  // namespace backups
