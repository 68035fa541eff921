// The process-wide limit on transfer memory: order, fairness, and that every byte comes back.
#include "async/byte_budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

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
  Task<void> take_late(std::string name, std::uint64_t bytes) {
    Lease lease = co_await budget->acquire(bytes, Return::late);
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

TEST_F(ByteBudgetTest, ThoseWhoReturnLateLeaveAQuarter) {
  Lease late = budget->try_acquire(75, Return::late);
  EXPECT_EQ(late.bytes(), 75U);
  EXPECT_EQ(budget->try_acquire(1, Return::late).bytes(), 0U);
  Lease soon = budget->try_acquire(25, Return::soon);
  EXPECT_EQ(soon.bytes(), 25U);
  late.release();
  EXPECT_EQ(budget->used(), 25U);
  Lease more = budget->try_acquire(75);  // nobody waits, so the rest is free for all
  EXPECT_EQ(more.bytes(), 75U);
}

TEST_F(ByteBudgetTest, WhileBothKindsWaitEachGetsItsPart) {
  auto whole = [&]() -> Task<void> {
    Lease all = budget->try_acquire(100);
    Child late = Child(io.get_executor(), "late", take_late("late", 75));
    co_await breathe();
    Child soon = taker("soon", 20);
    Child sooner = taker("another", 20);
    co_await breathe();
    all.release();
    co_await late.join();
    co_await soon.join();
    EXPECT_EQ(order, "soon late ") << "the quarter is enough for one of the quick";
    EXPECT_EQ(budget->used(), 95U);
    kept.clear();
    co_await sooner.join();
  };
  test::run_task(io, whole());
  EXPECT_EQ(order, "soon late another ");
}

TEST_F(ByteBudgetTest, TheQuickOnesDoNotStarveTheSlow) {
  auto whole = [&]() -> Task<void> {
    Lease quarter = budget->try_acquire(25);
    Lease rest = budget->try_acquire(75);
    Child late = Child(io.get_executor(), "late", take_late("late", 50));
    co_await breathe();
    for (int i = 0; i < 10; ++i) {
      quarter.release();
      quarter = budget->try_acquire(25);
      EXPECT_EQ(quarter.bytes(), 0U) << "more than a quarter would be theirs";
    }
    rest.release();
    co_await late.join();
    quarter = budget->try_acquire(25);
    EXPECT_EQ(quarter.bytes(), 25U);
  };
  test::run_task(io, whole());
  EXPECT_EQ(order, "late ");
}

TEST_F(ByteBudgetTest, ALeaseIsSplitAndEveryByteComesBack) {
  Lease whole = budget->try_acquire(60, Return::late);
  Lease part = whole.split(20);
  EXPECT_EQ(part.bytes(), 20U);
  EXPECT_EQ(whole.bytes(), 40U);
  EXPECT_EQ(whole.split(100).bytes(), 40U);
  EXPECT_EQ(whole.bytes(), 0U);
  EXPECT_EQ(whole.split(1).bytes(), 0U);
  EXPECT_EQ(budget->used(), 20U);
  part.release();
  EXPECT_EQ(budget->used(), 0U);
}

TEST_F(ByteBudgetTest, WhoTurnsOutToBeLateMakesRoomForTheQuick) {
  auto whole = [&]() -> Task<void> {
    Lease quarter = budget->try_acquire(25);
    Lease late = budget->try_acquire(40, Return::late);
    Child next = Child(io.get_executor(), "late", take_late("late", 50));
    co_await breathe();
    EXPECT_EQ(budget->try_acquire(25).bytes(), 0U);
    quarter.comes_late();
    EXPECT_EQ(budget->used(), 65U);
    EXPECT_EQ(budget->try_acquire(25).bytes(), 25U);
    EXPECT_EQ(budget->times_returned(Return::late), 0U);
    quarter.release();
    co_await breathe();
    EXPECT_EQ(order, "");
    late.release();
    EXPECT_EQ(budget->times_returned(Return::late), 2U);
    EXPECT_EQ(budget->times_returned(Return::soon), 1U);
    co_await next.join();
  };
  test::run_task(io, whole());
  EXPECT_EQ(order, "late ");
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
