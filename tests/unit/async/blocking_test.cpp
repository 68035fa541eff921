// Calls that block: on the pool's threads, their results on the caller's lane, and never too many.
#include "async/blocking.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <thread>

#include "async/child.hpp"
#include "async/event.hpp"
#include "tests/support/run.hpp"

namespace gantry::async {
namespace {

using namespace std::chrono_literals;

class BlockingTest : public testing::Test {
 protected:
  asio::io_context io;
  BlockingPool pool{2, 1};
};

TEST_F(BlockingTest, RunsElsewhereAndResumesAtHome) {
  const auto home = std::this_thread::get_id();
  auto whole = [&]() -> Task<void> {
    auto where = co_await pool.run([] { return std::this_thread::get_id(); });
    EXPECT_TRUE(where);
    EXPECT_NE(*where, home);
    EXPECT_EQ(std::this_thread::get_id(), home);
  };
  test::run_task(io, whole());
}

TEST_F(BlockingTest, CarriesValuesAndFailures) {
  auto moved = test::run_task(io, pool.run([] { return std::make_unique<int>(7); }));
  ASSERT_TRUE(moved);
  EXPECT_EQ(**moved, 7);
  EXPECT_TRUE(test::run_task(io, pool.run([] {})));
  auto flat =
      test::run_task(io, run_blocking(pool, []() -> Result<int> { return fail(Errc::not_found, "open", "x"); }));
  ASSERT_FALSE(flat);
  EXPECT_EQ(flat.error().code, Errc::not_found);
  EXPECT_EQ(test::run_task(io, run_blocking(pool, []() -> Result<int> { return 5; })), 5);
}

TEST_F(BlockingTest, AnExceptionBecomesAnError) {
  auto result = test::run_task(io, pool.run([]() -> int { throw std::runtime_error("disk on fire"); }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::internal);
  EXPECT_EQ(result.error().detail, "disk on fire");
  auto odd = test::run_task(io, pool.run([]() -> int { throw 42; }));
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, Errc::internal);
}

TEST_F(BlockingTest, RefusesWhenTheQueueIsFull) {
  std::latch gate(1);
  int answered = 0;
  auto call = [&]() -> Task<void> {
    auto result = co_await pool.run([&] { gate.wait(); });
    EXPECT_TRUE(result);
    ++answered;
  };
  auto whole = [&]() -> Task<void> {
    TaskGroup group(io.get_executor());
    for (int i = 0; i < 3; ++i) group.spawn("call", call());  // two at work, one waits
    auto refused = co_await pool.run([] {});
    EXPECT_FALSE(refused);
    if (!refused) EXPECT_EQ(refused.error().code, Errc::unavailable);
    gate.count_down();
    co_await group.join();
    EXPECT_TRUE(co_await pool.run([] {}));
  };
  test::run_task(io, whole());
  EXPECT_EQ(answered, 3);
}

TEST_F(BlockingTest, OneSlowCallDoesNotKeepTheLane) {
  std::latch gate(1);
  auto slow = [&]() -> Task<void> { co_await pool.run([&] { gate.wait(); }); };
  auto whole = [&]() -> Task<void> {
    Child child(io.get_executor(), "slow", slow());
    EXPECT_TRUE(co_await sleep_for(1ms));
    EXPECT_TRUE(child.running());
    gate.count_down();
    co_await child.join();
  };
  test::run_task(io, whole());
}

TEST_F(BlockingTest, ACallThatHasBegunIsNotCancelled) {
  std::latch begun(1);
  std::latch gate(1);
  bool answered = false;
  auto slow = [&]() -> Task<void> {
    auto result = co_await pool.run([&] {
      begun.count_down();
      gate.wait();
    });
    answered = result.has_value();
  };
  auto whole = [&]() -> Task<void> {
    Child child(io.get_executor(), "slow", slow());
    begun.wait();
    child.cancel();
    co_await sleep_for(60ms);
    EXPECT_TRUE(child.running());
    gate.count_down();
    co_await child.join();
  };
  test::run_task(io, whole());
  EXPECT_TRUE(answered);
}

TEST_F(BlockingTest, RefusesAfterStop) {
  pool.stop();
  auto refused = test::run_task(io, pool.run([] {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
}

TEST_F(BlockingTest, ManyLanesShareIt) {
  std::array<asio::io_context, 3> contexts;
  BlockingPool shared(3, 1000);
  std::atomic<int> calls = 0;
  {
    std::vector<std::jthread> lanes;
    for (asio::io_context& lane : contexts) {
      lanes.emplace_back([&] {
        auto work = [&]() -> Task<void> {
          for (int n = 0; n < 200; ++n) EXPECT_TRUE(co_await shared.run([&] { ++calls; }));
        };
        test::run_task(lane, work());
      });
    }
  }
  EXPECT_EQ(calls, 600);
}

}  // namespace
}  // namespace gantry::async
