#include "object/retry.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <thread>

#include "tests/support/run.hpp"

namespace gantry::object {
namespace {

using std::chrono::milliseconds;

Failure failing(Remedy remedy, Errc code = Errc::unavailable) {
  Failure failure;
  failure.error = Error{code, "op", "", ""};
  failure.remedy = remedy;
  return failure;
}

class Retry : public testing::Test {
 protected:
  Result<int> run(std::function<Attempt<int>(unsigned)> script, std::function<bool(const Failure&)> repair = {}) {
    std::function<Task<bool>(const Failure&)> repair_it;
    if (repair) repair_it = [&](const Failure& failure) -> Task<bool> { co_return repair(failure); };
    auto once = [&](unsigned before) -> Task<Attempt<int>> {
      ++calls_;
      co_return script(before);
    };
    RetryContext retry{options_, shared_, "op", repair_it};
    return test::run_task(io_, with_retries<int>(retry, once));
  }

  asio::io_context io_;
  std::shared_ptr<SharedStoreState> shared_ = std::make_shared<SharedStoreState>();
  RetryOptions options_{
      .max_tries = 6, .base_delay = milliseconds(1), .max_delay = milliseconds(5), .deadline = std::chrono::seconds(5)};
  unsigned calls_ = 0;
};

TEST_F(Retry, success_needs_one_try) {
  EXPECT_EQ(run([](unsigned) { return 7; }).value(), 7);
  EXPECT_EQ(calls_, 1U);
}

TEST_F(Retry, passing_trouble_is_waited_out) {
  auto result = run([](unsigned before) -> Attempt<int> {
    if (before < 3) return std::unexpected(failing(Remedy::retry));
    return 1;
  });
  EXPECT_TRUE(result);
  EXPECT_EQ(calls_, 4U);
}

TEST_F(Retry, gives_up_after_six_tries) {
  auto result = run([](unsigned) -> Attempt<int> { return std::unexpected(failing(Remedy::retry)); });
  EXPECT_EQ(result.error().code, Errc::unavailable);
  EXPECT_EQ(calls_, 6U);
}

TEST_F(Retry, a_final_answer_is_not_questioned) {
  auto result = run([](unsigned) -> Attempt<int> { return std::unexpected(failing(Remedy::none, Errc::denied)); });
  EXPECT_EQ(result.error().code, Errc::denied);
  EXPECT_EQ(calls_, 1U);
}

TEST_F(Retry, corruption_is_tried_once_more) {
  auto result =
      run([](unsigned) -> Attempt<int> { return std::unexpected(failing(Remedy::retry_once, Errc::corrupt)); });
  EXPECT_EQ(result.error().code, Errc::corrupt);
  EXPECT_EQ(calls_, 2U);
}

TEST_F(Retry, repairs_once) {
  unsigned repairs = 0;
  auto result = run([](unsigned) -> Attempt<int> { return std::unexpected(failing(Remedy::fix_clock)); },
                    [&](const Failure&) { return ++repairs > 0; });
  EXPECT_FALSE(result);
  EXPECT_EQ(repairs, 1U);
  EXPECT_EQ(calls_, 2U);
}

TEST_F(Retry, keys_are_renewed_twice) {
  unsigned repairs = 0;
  auto result = run([](unsigned) -> Attempt<int> { return std::unexpected(failing(Remedy::fix_credentials)); },
                    [&](const Failure&) { return ++repairs > 0; });
  EXPECT_FALSE(result);
  EXPECT_EQ(repairs, 2U);
  EXPECT_EQ(calls_, 3U);
}

TEST_F(Retry, what_cannot_be_repaired_is_final) {
  auto result = run([](unsigned) -> Attempt<int> { return std::unexpected(failing(Remedy::fix_region)); },
                    [](const Failure&) { return false; });
  EXPECT_FALSE(result);
  EXPECT_EQ(calls_, 1U);
}

TEST_F(Retry, does_not_begin_after_the_deadline) {
  options_.deadline = milliseconds(50);
  auto begin = SteadyClock::now();
  auto result = run([](unsigned) -> Attempt<int> {
    Failure failure = failing(Remedy::retry);
    failure.retry_after = std::chrono::seconds(30);
    return std::unexpected(failure);
  });
  EXPECT_FALSE(result);
  EXPECT_EQ(calls_, 1U);
  EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(5));
}

TEST_F(Retry, honours_retry_after) {
  auto begin = SteadyClock::now();
  auto result = run([](unsigned before) -> Attempt<int> {
    if (before > 0) return 1;
    Failure failure = failing(Remedy::retry);
    failure.retry_after = milliseconds(120);
    return std::unexpected(failure);
  });
  EXPECT_TRUE(result);
  EXPECT_GE(SteadyClock::now() - begin, milliseconds(120));
}

TEST_F(Retry, jitter_stays_below_its_limits) {
  options_ = {.max_tries = 100,
              .base_delay = milliseconds(200),
              .max_delay = std::chrono::seconds(20),
              .deadline = std::chrono::hours(1)};
  for (int round = 0; round < 50; ++round) {
    RetryPlan plan({options_, shared_, "op", {}});
    for (unsigned n = 0; n < 40; ++n) {
      auto delay = test::run_task(io_, plan.next(failing(Remedy::retry)));
      ASSERT_TRUE(delay);
      EXPECT_LE(*delay, std::min<SteadyClock::duration>(std::chrono::seconds(20),
                                                        milliseconds(200) * (1LL << std::min(n, 20U))));
    }
  }
}

TEST_F(Retry, cancel_ends_a_pause) {
  options_ = {.max_tries = 6,
              .base_delay = std::chrono::seconds(20),
              .max_delay = std::chrono::seconds(20),
              .deadline = std::chrono::hours(1)};
  Result<int> result = 0;
  auto work = [&]() -> Task<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto once = [](unsigned) -> Task<Attempt<int>> {
      Failure failure = failing(Remedy::retry);
      failure.retry_after = std::chrono::seconds(20);
      co_return std::unexpected(failure);
    };
    result = co_await with_retries<int>({options_, shared_, "op", {}}, once);
  };
  asio::cancellation_signal signal;
  asio::co_spawn(io_, work(), asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
  io_.poll();
  signal.emit(asio::cancellation_type::terminal);
  io_.run_for(std::chrono::seconds(10));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
}

TEST(SharedState, keeps_the_offset_of_the_clock) {
  SharedStoreState state;
  state.set_server_time(wall_now() + std::chrono::hours(2));
  auto ahead = state.now() - wall_now();
  EXPECT_GT(ahead, std::chrono::minutes(119));
  EXPECT_LT(ahead, std::chrono::minutes(121));
}

TEST_F(Retry, waits_for_a_place_until_the_deadline) {
  ASSERT_TRUE(shared_->gate().try_enter());
  shared_->gate().slow_down();
  ASSERT_EQ(shared_->gate().concurrency(), 1U);
  options_.deadline = milliseconds(80);
  auto result = run([](unsigned) { return 1; });
  EXPECT_EQ(result.error().code, Errc::throttled);
  EXPECT_EQ(calls_, 0U);
  shared_->gate().leave(true);
  options_.deadline = std::chrono::seconds(5);
  EXPECT_TRUE(run([](unsigned) { return 1; }));
}

}  // namespace
}  // namespace gantry::object
