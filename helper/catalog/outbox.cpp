#include "catalog/outbox.hpp"

namespace backups {
namespace {

bool exists(Database& database, const std::string& kind, const std::string& subject) {
  Statement query(database, "SELECT 1 FROM incidents WHERE kind = ? AND subject = ?");
  return query.bind(kind).bind(subject).step();
}

std::string trouble_of(const std::string& kind, const std::string& subject) {
  return kind + " " + subject;
}

}  // namespace

bool Outbox::raise(const std::string& kind, const std::string& subject, Time time,
                   std::int64_t every, const std::vector<std::string>& channels,
                   const std::string& text) {
  Transaction transaction(database_);
  const bool known = exists(database_, kind, subject);
  Statement(database_,
            "INSERT INTO incidents (kind, subject, since, times) VALUES (?, ?, ?, 1) "
            "ON CONFLICT DO UPDATE SET times = times + 1")
      .bind(kind)
      .bind(subject)
      .bind(time)
      .run();
  if (!channels.empty()) {
    // A report that is dated later than now, by a clock that was ahead, must not silence the
    // incident.
    Statement(database_,
              "UPDATE incidents SET told_at = ?3 WHERE kind = ?1 AND subject = ?2 AND "
              "(told_at IS NULL OR told_at <= ?3 - ?4 OR told_at > ?3)")
        .bind(kind)
        .bind(subject)
        .bind(time)
        .bind(every)
        .run();
    if (database_.changes() > 0)
      for (const auto& channel : channels) queue(channel, text, time, trouble_of(kind, subject));
  }
  transaction.commit();
  return !known;
}

std::vector<std::string> Outbox::subjects(const std::string& kind) {
  Statement query(database_, "SELECT subject FROM incidents WHERE kind = ? ORDER BY 1");
  query.bind(kind);
  std::vector<std::string> subjects;
  while (query.step()) subjects.push_back(query.text(0));
  return subjects;
}

void Outbox::redate(Time time) {
  constexpr Time kLongestWait = 4 * 3600;
  Statement(database_,
            "UPDATE outbox SET queued_at = min(queued_at, ?1), next_try = ?1 "
            "WHERE queued_at > ?1 OR next_try > ?1 + ?2")
      .bind(time)
      .bind(kLongestWait)
      .run();
}

void Outbox::clear(const std::string& kind, const std::string& subject, Time time,
                   const std::vector<std::string>& channels, const std::string& text) {
  if (!exists(database_, kind, subject)) return;
  Transaction transaction(database_);
  Statement ended(database_,
                  "DELETE FROM incidents WHERE kind = ? AND subject = ? RETURNING told_at");
  // Another process may have closed it meanwhile.
  const bool told = ended.bind(kind).bind(subject).step() && !ended.is_null(0);
  ended.reset();
  Statement(database_, "DELETE FROM outbox WHERE incident = ? AND attempts > 0")
      .bind(trouble_of(kind, subject))
      .run();
  if (told)
    for (const auto& channel : channels) queue(channel, text, time);
  transaction.commit();
}

void Outbox::queue(const std::string& channel, const std::string& text, Time time,
                   const std::string& incident) {
  Statement(database_,
            "INSERT INTO outbox (channel, message, queued_at, next_try, incident) "
            "VALUES (?, ?, ?3, ?3, ?)")
      .bind(channel)
      .bind(text)
      .bind(time)
      .bind(incident)
      .run();
  Statement(database_, "UPDATE outbox SET next_try = ?2 WHERE channel = ?1 AND next_try > ?2")
      .bind(channel)
      .bind(time)
      .run();
}

std::optional<Outbox::Message> Outbox::due(Time time) {
  // New alerts are tried before those that failed, because they may get through. Pings keep their
  // order.
  Statement query(database_,
                  "SELECT key, channel, message, queued_at, attempts FROM outbox WHERE next_try <= "
                  "? ORDER BY iif(channel = 'ping', 0, attempts), key LIMIT 1");
  if (!query.bind(time).step()) return std::nullopt;
  return Message{query.number(0), query.text(1), query.text(2), query.number(3), query.number(4)};
}

void Outbox::remove(const Message& message) {
  Statement(database_, "DELETE FROM outbox WHERE key = ?").bind(message.key).run();
}

void Outbox::postpone(const Message& message, Time until) {
  // A closed incident is not reported after its recovery.
  Statement(database_,
            "DELETE FROM outbox WHERE key = ? AND incident <> '' AND incident NOT IN "
            "(SELECT kind || ' ' || subject FROM incidents)")
      .bind(message.key)
      .run();
  Statement(database_,
            "UPDATE outbox SET attempts = attempts + (key = ?1), next_try = max(next_try, ?3) "
            "WHERE channel = ?2")
      .bind(message.key)
      .bind(message.channel)
      .bind(until)
      .run();
}

}  // namespace backups
