// Events, sleeping, alarms and watchdogs.
#include "async/event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "async/alarm.hpp"
#include "async/child.hpp"
#include "async/watchdog.hpp"
#include "tests/support/run.hpp"

namespace gantry::async {
namespace {

using namespace std::chrono_literals;

class EventTest : public testing::Test {
 protected:
  asio::io_context io;
  Event event{io.get_executor()};
};

TEST_F(EventTest, WakesEverybodyWhoWaits) {
  int woken = 0;
  auto waiter = [&]() -> Task<void> {
    co_await event.wait();
    ++woken;
  };
  auto whole = [&]() -> Task<void> {
    TaskGroup group(io.get_executor());
    for (int i = 0; i < 3; ++i) group.spawn("waiter", waiter());
    event.notify();
    co_await group.join();
  };
  test::run_task(io, whole());
  EXPECT_EQ(woken, 3);
}

TEST_F(EventTest, RemembersNothing) {
  auto whole = [&]() -> Task<bool> {
    event.notify();
    co_return co_await event.wait_until(SteadyClock::now() + 5ms);
  };
  EXPECT_FALSE(test::run_task(io, whole()));
}

TEST_F(EventTest, WaitUntilTellsAWakingFromTheDeadline) {
  auto whole = [&]() -> Task<bool> {
    asio::post(io, [&] { event.notify(); });
    co_return co_await event.wait_until(SteadyClock::now() + 1h);
  };
  EXPECT_TRUE(test::run_task(io, whole()));
  EXPECT_FALSE(test::run_task(io, event.wait_until(SteadyClock::now() - 1s)));
}

TEST_F(EventTest, MayBeGoneWhenItsDeadlineComes) {
  // The deadline passes while the lane is busy, in the same moment as the waking: its handler is queued behind.
  std::optional<Event> own(io.get_executor());
  auto waiter = [&]() -> Task<void> {
    co_await own->wait_until(SteadyClock::now() + 2ms);
    own.reset();
  };
  auto whole = [&]() -> Task<void> {
    Child child(io.get_executor(), "waiter", waiter());
    own->notify();
    const auto past = SteadyClock::now() + 4ms;
    while (SteadyClock::now() < past) continue;
    co_await child.join();
    co_await sleep_for(1ms);
  };
  test::run_task(io, whole());
  EXPECT_FALSE(own);
}

TEST_F(EventTest, CancellingEndsAWaitUnlessItIsUninterrupted) {
  bool first = false;
  bool second = false;
  auto waiter = [&]() -> Task<void> {
    co_await event.wait();
    first = true;
    co_await event.wait_uninterrupted();
    second = true;
  };
  auto whole = [&]() -> Task<void> {
    Child child(io.get_executor(), "waiter", waiter());
    child.cancel();
    co_await sleep_for(120ms);  // the request has been repeated meanwhile
    EXPECT_TRUE(first);
    EXPECT_FALSE(second);
    event.notify();
    co_await child.join();
  };
  test::run_task(io, whole());
  EXPECT_TRUE(second);
}

TEST_F(EventTest, SleepingTellsWhetherItWasDisturbed) { EXPECT_TRUE(test::run_task(io, sleep_for(1ms))); }

class WatchdogTest : public testing::Test {
 protected:
  void busy(SteadyClock::duration duration) { test::run_task(io, sleep_for(duration)); }
  asio::io_context io;
  int barks = 0;
};

TEST_F(WatchdogTest, CallsBackOnceAfterTheLimit) {
  const auto start = SteadyClock::now();
  Watchdog dog(io.get_executor(), 20ms, [&] { ++barks; });
  EXPECT_FALSE(dog.expired());
  while (!dog.expired()) busy(1ms);
  EXPECT_GE(SteadyClock::now() - start, 20ms);
  busy(50ms);
  EXPECT_EQ(barks, 1);
}

TEST_F(WatchdogTest, ATouchBeginsTheTimeAnew) {
  SteadyClock::time_point touched;
  SteadyClock::time_point barked;
  Watchdog dog(io.get_executor(), 50ms, [&] { barked = SteadyClock::now(); });
  for (int i = 0; i < 3; ++i) {
    busy(20ms);
    if (dog.expired()) break;
    dog.touch();
    touched = SteadyClock::now();
  }
  while (!dog.expired()) busy(1ms);
  EXPECT_GE(barked - touched, 49ms);
}

TEST_F(WatchdogTest, WhileItRestsNoTimeCounts) {
  Watchdog dog(io.get_executor(), 20ms, [&] { ++barks; });
  dog.rest();
  busy(60ms);
  EXPECT_EQ(barks, 0);
  const auto touched = SteadyClock::now();
  dog.touch();
  while (!dog.expired()) busy(1ms);
  EXPECT_GE(SteadyClock::now() - touched, 20ms);
  EXPECT_EQ(barks, 1);
}

class AlarmTest : public EventTest {
 protected:
  /// Until the event was notified.
  void wait() { test::run_task(io, event.wait()); }
  std::optional<Alarm> alarm{std::in_place, io.get_executor(), event};
};

TEST_F(AlarmTest, RingsNotBeforeAndOnceForAll) {
  const auto soon = SteadyClock::now() + 20ms;
  alarm->ring_by(soon);
  alarm->ring_by(soon + 1h);  // rings before that, which is allowed
  wait();
  EXPECT_GE(SteadyClock::now(), soon);
  EXPECT_FALSE(test::run_task(io, event.wait_until(SteadyClock::now() + 20ms)));
}

TEST_F(AlarmTest, AnEarlierTimeCounts) {
  const auto late = SteadyClock::now() + 1h;
  alarm->ring_by(late);
  alarm->ring_by(SteadyClock::now() + 5ms);
  wait();
  EXPECT_LT(SteadyClock::now(), late);
}

TEST_F(AlarmTest, RingsAtOnceWhenTheTimeIsPastAndAgainWhenAsked) {
  for (int i = 0; i < 3; ++i) {
    alarm->ring_by(SteadyClock::now() - 1s);
    wait();
  }
}

TEST_F(AlarmTest, GoneItIsSilent) {
  alarm->ring_by(SteadyClock::now() + 1ms);
  alarm.reset();
  EXPECT_FALSE(test::run_task(io, event.wait_until(SteadyClock::now() + 20ms)));
}

TEST_F(WatchdogTest, DestroyedOrDisarmedItIsSilent) {
  {
    Watchdog dog(io.get_executor(), 1ms, [&] { ++barks; });
  }
  Watchdog other(io.get_executor(), 1ms, [&] { ++barks; });
  other.disarm();
  busy(10ms);
  EXPECT_EQ(barks, 0);
  EXPECT_FALSE(other.expired());
}

TEST_F(WatchdogTest, DestroyedWhenItsTimeIsUpItIsSilent) {
  auto dog = std::make_unique<Watchdog>(io.get_executor(), 1ms, [&] { ++barks; });
  const auto past = SteadyClock::now() + 3ms;
  while (SteadyClock::now() < past) continue;
  asio::post(io, [&] { dog.reset(); });
  busy(5ms);
  EXPECT_LE(barks, 1);
  EXPECT_FALSE(dog);
}

TEST_F(WatchdogTest, MayBeDestroyedByItsOwnCall) {
  std::unique_ptr<Watchdog> dog;
  dog = std::make_unique<Watchdog>(io.get_executor(), 1ms, [&] {
    dog.reset();
    ++barks;
  });
  while (barks == 0) busy(1ms);
  EXPECT_FALSE(dog);
}

TEST_F(WatchdogTest, RestartChangesTheLimitBothWays) {
  Watchdog dog(io.get_executor(), 1h, [&] { ++barks; });
  dog.restart(1ms);
  while (barks == 0) busy(1ms);
  Watchdog patient(io.get_executor(), 1ms, [&] { ++barks; });
  patient.restart(1h);
  busy(10ms);
  EXPECT_EQ(barks, 1);
}

TEST_F(WatchdogTest, NoLimitIsTheLargestDuration) {
  Watchdog dog(io.get_executor(), SteadyClock::duration::max(), [&] { ++barks; });
  busy(5ms);
  dog.restart(SteadyClock::duration::max());
  busy(5ms);
  EXPECT_EQ(barks, 0);
}

}  // namespace
}  // namespace gantry::async
