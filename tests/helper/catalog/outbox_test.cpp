#include "catalog/outbox.hpp"

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "support/directory.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::TemporaryDirectory;

constexpr Time kDay = 86400;

class OutboxTest : public testing::Test {
 protected:
  /// "channel text" of every queued message, in the order of delivery.
  std::vector<std::string> waiting() {
    Statement query(catalog_.database(),
                    "SELECT channel || ' ' || message FROM outbox ORDER BY key");
    std::vector<std::string> found;
    while (query.step()) found.push_back(query.text(0));
    return found;
  }
  void raise(Time time, const std::string& text, const std::vector<std::string>& to = {"mail"}) {
    outbox_.raise("failure", "a:b", time, kDay, to, text);
  }
  void clear(Time time, const std::string& text, const std::vector<std::string>& to = {"mail"}) {
    outbox_.clear("failure", "a:b", time, to, text);
  }
  /// The texts of the messages that are due at `time`, in the order of delivery.
  std::vector<std::string> order(Time time) {
    std::vector<std::string> found;
    while (const auto message = outbox_.due(time)) {
      found.push_back(message->text);
      outbox_.remove(*message);
    }
    return found;
  }

  TemporaryDirectory directory_;
  Catalog catalog_{directory_ / "catalog.db"};
  Outbox outbox_{catalog_.database()};
};

TEST_F(OutboxTest, ATroubleIsToldOnceAndAgainAfterAWhile) {
  raise(1000, "first", {"mail", "webhook"});
  raise(1001, "second");
  raise(999 + kDay, "third");
  EXPECT_THAT(waiting(), ElementsAre("mail first", "webhook first"));
  raise(1000 + kDay, "fourth");
  raise(1001 + kDay, "fifth");
  EXPECT_THAT(waiting(), ElementsAre("mail first", "webhook first", "mail fourth"));
}

TEST_F(OutboxTest, TroublesOfOtherKindsAndSubjectsAreOthers) {
  raise(1000, "one");
  outbox_.raise("silence", "a:b", 1000, kDay, {"mail"}, "two");
  outbox_.raise("failure", "a:c", 1000, kDay, {"mail"}, "three");
  EXPECT_THAT(waiting(), ElementsAre("mail one", "mail two", "mail three"));
  outbox_.clear("silence", "a:c", 1001, {"mail"}, "none");
  EXPECT_EQ(waiting().size(), 3U);
}

TEST_F(OutboxTest, AnEndIsToldOnceToThoseWhoHeardOfTheTrouble) {
  clear(900, "no incident yet");
  raise(1000, "first");
  clear(1001, "well");
  clear(1002, "still well");
  EXPECT_THAT(waiting(), ElementsAre("mail first", "mail well"));
  raise(1003, "again");
  EXPECT_EQ(waiting().back(), "mail again") << "a new incident, however soon";
}

TEST_F(OutboxTest, ATroubleIsNotToldAfterItsEnd) {
  raise(1000, "failed before");
  outbox_.postpone(*outbox_.due(1000), 1060);
  clear(1001, "well");
  EXPECT_THAT(waiting(), ElementsAre("mail well"));
  outbox_.remove(*outbox_.due(1001));
  raise(1002, "at work");
  const auto hanging = outbox_.due(1002);
  EXPECT_EQ(hanging->text, "at work");
  clear(1003, "well again");
  outbox_.postpone(*hanging, 1063);
  EXPECT_THAT(waiting(), ElementsAre("mail well again"));
}

TEST_F(OutboxTest, TheEndOfATroubleThatNobodyHeardOfIsNotTold) {
  raise(1000, "first", {});
  clear(1001, "well");
  EXPECT_THAT(waiting(), IsEmpty());
  raise(1002, "again");
  EXPECT_THAT(waiting(), ElementsAre("mail again"));
}

TEST_F(OutboxTest, ATroubleThatNobodyHeardOfIsToldAsSoonAsSomebodyListens) {
  raise(1000, "first", {});
  raise(1001, "second");
  EXPECT_THAT(waiting(), ElementsAre("mail second"));
}

TEST_F(OutboxTest, AClockThatWasAheadSilencesNothing) {
  raise(1000 + 30 * kDay, "from the future");
  raise(1000, "now");
  EXPECT_THAT(waiting(), ElementsAre("mail from the future", "mail now"));
}

TEST_F(OutboxTest, WhatFailedWaitsWithEverythingForItsChannel) {
  outbox_.queue("ping", "start", 1000);
  outbox_.queue("ping", "success", 1001);
  outbox_.queue("mail", "hello", 1002);
  EXPECT_FALSE(outbox_.due(999));
  const auto first = outbox_.due(1002);
  EXPECT_EQ(first->text, "start");
  EXPECT_EQ(first->queued_at, 1000);
  outbox_.postpone(*first, 1060);
  EXPECT_EQ(outbox_.due(1002)->text, "hello");
  EXPECT_THAT(order(1059), ElementsAre("hello"));
  EXPECT_EQ(outbox_.due(1060)->attempts, 1);
  EXPECT_THAT(order(1060), ElementsAre("start", "success"));
}

TEST_F(OutboxTest, SomethingNewMakesItsChannelDueAndTheOrderOfPingsStays) {
  outbox_.queue("ping", "start", 1000);
  outbox_.queue("mail", "old", 1000);
  outbox_.postpone(*outbox_.due(1000), 9000);
  outbox_.postpone(*outbox_.due(1000), 9000);
  EXPECT_FALSE(outbox_.due(1001));
  outbox_.queue("ping", "success", 1001);
  EXPECT_THAT(order(1001), ElementsAre("start", "success"));
}

TEST_F(OutboxTest, AnAlertThatFailsStandsInNobodysWay) {
  outbox_.queue("mail", "poison", 1000);
  outbox_.postpone(*outbox_.due(1000), 1060);
  outbox_.queue("mail", "new", 1001);
  EXPECT_THAT(order(1001), ElementsAre("new", "poison"));
}

TEST_F(OutboxTest, TellsNowWhatAClockThatWasAheadPutOff) {
  raise(1000 + 30 * kDay, "from the future");
  EXPECT_FALSE(outbox_.due(1000));
  outbox_.redate(1000);
  EXPECT_EQ(outbox_.due(1000)->text, "from the future");
}

TEST_F(OutboxTest, KnowsWhatIsWrong) {
  EXPECT_TRUE(outbox_.raise("settings", "a:b", 1000, kDay, {}, "once"));
  EXPECT_FALSE(outbox_.raise("settings", "a:b", 1000, kDay, {}, "again"));
  EXPECT_EQ(outbox_.subjects("settings"), (std::vector<std::string>{"a:b"}));
}

}  // namespace
}  // namespace backups
