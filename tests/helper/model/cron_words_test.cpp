#include "model/cron_words.hpp"

#include <gmock/gmock.h>

namespace backups {
namespace {

struct Words {
  const char* expression;
  const char* words;
  const char* kind;
};
class CronWords : public testing::TestWithParam<Words> {};

TEST_P(CronWords, AreThoseOfAPerson) {
  const Cron cron = Cron::parse(GetParam().expression);
  EXPECT_EQ(describe(cron, "Europe/Berlin"), GetParam().words) << cron.text();
}

TEST_P(CronWords, NameItsKind) {
  EXPECT_EQ(kind_of(Cron::parse(GetParam().expression)), GetParam().kind) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Hourly, CronWords,
    testing::Values(Words{"* * * * *", "every minute", "minutely"},
                    Words{"*/15 * * * *", "every 15 minutes", "minutely"},
                    Words{"0,30 * * * *", "every 30 minutes", "minutely"},
                    Words{"5/15 * * * *", "every 15 minutes from :05", "minutely"},
                    Words{"5 * * * *", "hourly at :05", "hourly"},
                    Words{"@hourly", "hourly at :00", "hourly"},
                    Words{"*/7 * * * *", "cron \"*/7 * * * *\"", "minutely"},
                    Words{"0,10 * * * *", "cron \"0,10 * * * *\"", "minutely"},
                    Words{"0 */6 * * *", "every 6 hours at :00 Europe/Berlin", "hourly"},
                    Words{"30 */2 * * *", "every 2 hours at :30 Europe/Berlin", "hourly"},
                    Words{"0 2,14 * * *", "daily at 02:00 and 14:00 Europe/Berlin", "hourly"},
                    Words{"0 * * * mon", "cron \"0 * * * mon\" Europe/Berlin", "cron"},
                    Words{"*/15 * 1 * *", "cron \"*/15 * 1 * *\" Europe/Berlin", "cron"}));

INSTANTIATE_TEST_SUITE_P(
    Daily, CronWords,
    testing::Values(Words{"0 2 * * *", "daily at 02:00 Europe/Berlin", "daily"},
                    Words{"0 2 1-31 * 0-6", "daily at 02:00 Europe/Berlin", "daily"},
                    Words{"5 23 * * *", "daily at 23:05 Europe/Berlin", "daily"},
                    Words{"0 2,3 * * *", "daily at 02:00 and 03:00 Europe/Berlin", "daily"},
                    Words{"0,30 2 * * *", "daily at 02:00 and 02:30 Europe/Berlin", "daily"},
                    Words{"0,30 */12 * * *", "daily at 00:00, 00:30, 12:00 and 12:30 Europe/Berlin",
                          "daily"},
                    Words{"0 8-18 * * *", "cron \"0 8-18 * * *\" Europe/Berlin", "daily"},
                    Words{"0 */5 * * *",
                          "daily at 00:00, 05:00, 10:00, 15:00 and 20:00 Europe/Berlin", "daily"}));

INSTANTIATE_TEST_SUITE_P(
    Weekly, CronWords,
    testing::Values(
        Words{"0 2 * * sun", "weekly on Sunday at 02:00 Europe/Berlin", "weekly"},
        Words{"0 2,4 * * 6", "weekly on Saturday at 02:00 and 04:00 Europe/Berlin", "weekly"},
        Words{"0 2 * * mon-fri", "on Monday to Friday at 02:00 Europe/Berlin", "cron"},
        Words{"0 2 * * 0,5,6", "on Friday to Sunday at 02:00 Europe/Berlin", "cron"},
        Words{"0 2 * * 6,0", "on Saturday and Sunday at 02:00 Europe/Berlin", "cron"},
        Words{"0 2 * * 1,3,5", "on Monday, Wednesday and Friday at 02:00 Europe/Berlin", "cron"},
        Words{"0 2 * * 0-2", "on Monday, Tuesday and Sunday at 02:00 Europe/Berlin", "cron"},
        Words{"0 */6 * * 1", "weekly on Monday at 00:00, 06:00, 12:00 and 18:00 Europe/Berlin",
              "weekly"},
        Words{"0 2 * 1 sun", "cron \"0 2 * 1 sun\" Europe/Berlin", "cron"},
        Words{"0 2 1-31 * sun", "cron \"0 2 1-31 * sun\" Europe/Berlin", "cron"},
        Words{"0 2 */2 * sun", "cron \"0 2 */2 * sun\" Europe/Berlin", "cron"}));

INSTANTIATE_TEST_SUITE_P(
    MonthlyAndYearly, CronWords,
    testing::Values(Words{"0 2 1 * *", "monthly on the 1st at 02:00 Europe/Berlin", "monthly"},
                    Words{"0 2 22 * *", "monthly on the 22nd at 02:00 Europe/Berlin", "monthly"},
                    Words{"0 2 3,11,12,13,23 * *",
                          "monthly on the 3rd, 11th, 12th, 13th and 23rd at 02:00 Europe/Berlin",
                          "cron"},
                    Words{"0 2 31 * *", "cron \"0 2 31 * *\" Europe/Berlin", "cron"},
                    Words{"0 2 1-8 * *", "cron \"0 2 1-8 * *\" Europe/Berlin", "cron"},
                    Words{"0 2 1 * mon", "cron \"0 2 1 * mon\" Europe/Berlin", "cron"},
                    Words{"@yearly", "yearly on 1 January at 00:00 Europe/Berlin", "cron"},
                    Words{"30 4 31 dec *", "yearly on 31 December at 04:30 Europe/Berlin", "cron"},
                    Words{"0 0 29 2 *", "cron \"0 0 29 2 *\" Europe/Berlin", "cron"},
                    Words{"0 0 1 1,7 *", "cron \"0 0 1 1,7 *\" Europe/Berlin", "cron"}));

}  // namespace
}  // namespace backups
