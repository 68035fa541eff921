// The process-wide limit on transfer memory: order, fairness, and that every byte comes back.
#include "async/byte_budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "async/child.hpp"
#include "async/event.hpp"
#include "tests/support/run.hpp"

namespace gantry::async {
namespace {

using namespace std::chrono_literals;

class ByteBudgetTest : public testing::Test {
 protected:
  /// Waits for `bytes`, notes the name, keeps the lease in `kept`.
  Task<void> take(std::string name, std::uint64_t bytes) {
    Lease lease = co_await budget->acquire(bytes);
    order += name + (lease.bytes() == bytes ? " " : "- ");
    kept.push_back(std::move(lease));
  }
  Child taker(const std::string& name, std::uint64_t bytes) {
    return Child(io.get_executor(), name, take(name, bytes));
  }
  static Task<void> breathe() { co_await sleep_for(1ms); }

  asio::io_context io;
  std::shared_ptr<ByteBudget> budget = ByteBudget::create(100);
  std::string order;
  std::vector<Lease> kept;
};

TEST_F(ByteBudgetTest, LendsUpToItsLimit) {
  Lease first = budget->try_acquire(60);
  EXPECT_EQ(first.bytes(), 60U);
  EXPECT_EQ(budget->try_acquire(41).bytes(), 0U);
  Lease second = budget->try_acquire(40);
  EXPECT_EQ(budget->used(), 100U);
  first.release();
  EXPECT_EQ(first.bytes(), 0U);
  EXPECT_EQ(budget->used(), 40U);
  first.release();
  EXPECT_EQ(budget->used(), 40U);
}

TEST_F(ByteBudgetTest, LeasesMoveAndEndOnce) {
  Lease one = budget->try_acquire(30);
  Lease two = std::move(one);
  EXPECT_EQ(budget->used(), 30U);
  two = budget->try_acquire(50);
  EXPECT_EQ(budget->used(), 50U);
  Lease& same = two;
  two = std::move(same);
  EXPECT_EQ(budget->used(), 50U);
  two = Lease();
  EXPECT_EQ(budget->used(), 0U);
}

TEST_F(ByteBudgetTest, TheFirstChunkNeverWaits) {
  Lease all = budget->try_acquire(100);
  Lease more = budget->first(50);
  EXPECT_EQ(more.bytes(), 50U);
  EXPECT_EQ(budget->used(), 150U);
  all.release();
  EXPECT_EQ(budget->try_acquire(51).bytes(), 0U);
  more.release();
  EXPECT_EQ(budget->used(), 0U);
}

TEST_F(ByteBudgetTest, ServesInOrderOfArrival) {
  auto whole = [&]() -> Task<void> {
    Lease all = budget->try_acquire(100);
    Child big = taker("big", 80);
    Child small = taker("small", 10);
    Lease part = budget->first(0);
    co_await breathe();
    EXPECT_EQ(order, "");
    all.release();
    co_await big.join();
    co_await small.join();
  };
  test::run_task(io, whole());
  EXPECT_EQ(order, "big small ");
}

TEST_F(ByteBudgetTest, NobodyOvertakesTheQueue) {
  auto whole = [&]() -> Task<void> {
    Lease most = budget->try_acquire(90);
    Child big = taker("big", 50);
    co_await breathe();
    EXPECT_EQ(budget->try_acquire(5).bytes(), 0U);
    most.release();
    co_await big.join();
    EXPECT_EQ(budget->try_acquire(5).bytes(), 5U);
  };
  test::run_task(io, whole());
}

TEST_F(ByteBudgetTest, MoreThanTheLimitIsLentAlone) {
  auto whole = [&]() -> Task<void> {
    Lease some = budget->try_acquire(1);
    Child huge = taker("huge", 1000);
    co_await breathe();
    EXPECT_EQ(order, "");
    some.release();
    co_await huge.join();
  };
  test::run_task(io, whole());
  EXPECT_EQ(order, "huge ");
  kept.clear();
  EXPECT_EQ(budget->used(), 0U);
}

TEST_F(ByteBudgetTest, NothingIsHadAtOnce) {
  Lease all = budget->try_acquire(100);
  EXPECT_EQ(test::run_task(io, budget->acquire(0)).bytes(), 0U);
}

TEST_F(ByteBudgetTest, ACancelledWaiterLeavesTheQueueAndLetsTheNextOneIn) {
  auto whole = [&]() -> Task<void> {
    Lease half = budget->try_acquire(50);
    Child big = taker("big", 60);
    Child small = taker("small", 40);  // would fit, were it not for the big one before it
    co_await breathe();
    EXPECT_EQ(order, "");
    big.cancel();
    co_await big.join();
    co_await small.join();
    EXPECT_EQ(budget->used(), 90U);
  };
  test::run_task(io, whole());
  EXPECT_EQ(order, "big- small ");
  kept.clear();
  EXPECT_EQ(budget->used(), 0U);
}

TEST_F(ByteBudgetTest, ALaneThatEndsTakesItsWaitersAlong) {
  Lease all = budget->try_acquire(100);
  Child here = taker("here", 100);
  auto other = std::make_unique<asio::io_context>();
  asio::co_spawn(*other, take("there", 60), [](const std::exception_ptr&) {});
  other->run_for(1ms);
  io.run_for(1ms);
  other.reset();
  all.release();
  test::run_task(io, here.join());
  EXPECT_EQ(order, "here ");
  kept.clear();
  EXPECT_EQ(budget->used(), 0U);
}

TEST_F(ByteBudgetTest, ALeaseGivenBackElsewhereWakesTheWaiter) {
  Lease all = budget->try_acquire(100);
  Child waiter = taker("waiter", 100);
  std::jthread other([&] { all.release(); });
  test::run_task(io, waiter.join());
  EXPECT_EQ(order, "waiter ");
}

Task<void> borrow_often(std::shared_ptr<ByteBudget> budget, std::uint64_t bytes, std::uint64_t& worst) {
  for (int i = 0; i < 300; ++i) {
    Lease lease = co_await budget->acquire(bytes);
    worst = std::max(worst, budget->used());
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
}

TEST_F(ByteBudgetTest, ManyLanesStayWithinTheLimitAndGiveEverythingBack) {
  std::array<std::uint64_t, 3> worst{};
  std::array<asio::io_context, 3> contexts;
  {
    std::vector<std::jthread> lanes;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      lanes.emplace_back([this, &lane = contexts[i], &mine = worst[i]] {
        TaskGroup group(lane.get_executor());
        for (std::uint64_t bytes : {70U, 30U, 45U, 1U}) group.spawn("borrower", borrow_often(budget, bytes, mine));
        test::run_task(lane, group.join());
      });
    }
  }
  EXPECT_THAT(worst, testing::Each(testing::Le(100U)));
  EXPECT_EQ(budget->used(), 0U);
}

}  // namespace
}  // namespace gantry::async
