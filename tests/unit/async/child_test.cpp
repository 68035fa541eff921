// Owners and their children: cancelling reaches them wherever they are, joining waits, nothing gets lost.
#include "async/child.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "async/event.hpp"
#include "base/log.hpp"
#include "tests/support/run.hpp"

namespace gantry::async {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Collects the process log in a file while it lives.
class LogFile {
 public:
  LogFile() {
    std::string name = testing::TempDir() + "gantry_async_XXXXXX";
    directory_ = mkdtemp(name.data());
    EXPECT_TRUE(log::open({.directory = directory_}));
  }
  ~LogFile() {
    EXPECT_TRUE(log::open({}));
    std::filesystem::remove_all(directory_);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  [[nodiscard]] std::string text() const {
    log::flush();
    std::ifstream file(directory_ + "/gantryd.log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string directory_;
};

class ChildTest : public testing::Test {
 protected:
  Child start(Task<void> work) { return Child(io.get_executor(), "child", std::move(work)); }
  static Task<void> cancel_and_join(Child& child) {
    child.cancel();
    co_await child.join();
  }

  asio::io_context io;
};

Task<void> wait_for_ever(bool& was_cancelled) { was_cancelled = !co_await sleep_for(1h); }

TEST_F(ChildTest, RunsToItsEndAndIsJoined) {
  int steps = 0;
  auto work = [&]() -> Task<void> {
    ++steps;
    co_await sleep_for(1ms);
    ++steps;
  };
  Child child = start(work());
  EXPECT_TRUE(child.running());
  test::run_task(io, child.join());
  EXPECT_FALSE(child.running());
  EXPECT_EQ(steps, 2);
  test::run_task(io, child.join());
}

TEST_F(ChildTest, AnEmptyOneHasEndedAlready) {
  Child none;
  EXPECT_FALSE(none.running());
  none.cancel();
  test::run_task(io, none.join());
}

TEST_F(ChildTest, CancelledBeforeItsFirstStepItStillSeesTheRequest) {
  LogFile log;
  bool was_cancelled = false;
  Child outside = start(wait_for_ever(was_cancelled));
  outside.cancel();  // nothing has run on the context yet
  test::run_task(io, outside.join());
  EXPECT_TRUE(was_cancelled);
  was_cancelled = false;
  auto whole = [&]() -> Task<void> {
    Child child = start(wait_for_ever(was_cancelled));
    co_await cancel_and_join(child);
  };
  test::run_task(io, whole());
  EXPECT_TRUE(was_cancelled);
  EXPECT_THAT(log.text(), Not(HasSubstr("bug")));
}

TEST_F(ChildTest, CancellingEndsAWait) {
  LogFile log;
  bool was_cancelled = false;
  auto whole = [&]() -> Task<void> {
    Child child = start(wait_for_ever(was_cancelled));
    co_await sleep_for(1ms);
    co_await cancel_and_join(child);
  };
  test::run_task(io, whole());
  EXPECT_TRUE(was_cancelled);
  EXPECT_THAT(log.text(), Not(HasSubstr("bug")));
}

TEST_F(ChildTest, CancellingReachesAWaitThatBeginsAfterIt) {
  // Asio delivers a request once, to what waits at that moment. This child waits for nothing then.
  bool was_cancelled = false;
  Child child;
  auto work = [&]() -> Task<void> {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    child.cancel();
    co_await wait_for_ever(was_cancelled);
  };
  child = start(work());
  test::run_task(io, child.join());
  EXPECT_TRUE(was_cancelled);
}

TEST_F(ChildTest, CancellingReachesEveryWaitUntilTheEnd) {
  int interrupted = 0;
  auto work = [&]() -> Task<void> {
    for (int i = 0; i < 3; ++i)
      if (!co_await sleep_for(1h)) ++interrupted;
  };
  auto whole = [&]() -> Task<void> {
    Child child = start(work());
    co_await sleep_for(1ms);
    co_await cancel_and_join(child);
  };
  test::run_task(io, whole());
  EXPECT_EQ(interrupted, 3);
}

TEST_F(ChildTest, ALoopWithoutWaitsCanAsk) {
  bool seen = false;
  Child child;
  auto work = [&]() -> Task<void> {
    EXPECT_FALSE(co_await cancelled());
    child.cancel();
    seen = co_await cancelled();
  };
  child = start(work());
  test::run_task(io, child.join());
  EXPECT_TRUE(seen);
}

TEST_F(ChildTest, AShieldedChildCannotBeCancelled) {
  bool undisturbed = false;
  auto work = [&]() -> Task<void> {
    co_await shield();
    undisturbed = co_await sleep_for(120ms);  // longer than the time after which the request is repeated
    EXPECT_FALSE(co_await cancelled());
  };
  auto whole = [&]() -> Task<void> {
    Child child = start(work());
    co_await sleep_for(1ms);
    co_await cancel_and_join(child);
  };
  test::run_task(io, whole());
  EXPECT_TRUE(undisturbed);
}

TEST_F(ChildTest, AnExceptionIsLoggedAsABugAndEndsIt) {
  LogFile log;
  auto work = []() -> Task<void> {
    co_await sleep_for(1ms);
    throw std::runtime_error("out of cheese");
  };
  Child child = start(work());
  test::run_task(io, child.join());
  EXPECT_FALSE(child.running());
  EXPECT_THAT(log.text(), AllOf(HasSubstr("bug"), HasSubstr("task=child"), HasSubstr("out of cheese")));
}

TEST_F(ChildTest, TellsItsEndWhenItIsNoLongerRunning) {
  std::string order;
  Child child;
  auto work = []() -> Task<void> { co_await sleep_for(1ms); };
  child = Child(io.get_executor(), "child", work(), [&] { order += child.running() ? "running " : "ended "; });
  auto joiner = [&]() -> Task<void> {
    co_await child.join();
    order += "joined";
  };
  test::run_task(io, joiner());
  EXPECT_EQ(order, "ended joined");
}

TEST_F(ChildTest, JoiningIsNotInterruptedByCancellingTheJoiner) {
  bool inner_ended = false;
  bool joined_too_early = false;
  auto inner = [&]() -> Task<void> {
    co_await sleep_for(120ms);
    inner_ended = true;
  };
  auto outer = [&]() -> Task<void> {
    Child child = start(inner());
    co_await child.join();
    joined_too_early = !inner_ended;
  };
  auto whole = [&]() -> Task<void> {
    Child child = start(outer());
    co_await sleep_for(1ms);
    co_await cancel_and_join(child);
  };
  test::run_task(io, whole());
  EXPECT_TRUE(inner_ended);
  EXPECT_FALSE(joined_too_early);
}

TEST_F(ChildTest, TheContextMayEndBeforeOwnerAndChildDo) {
  bool was_cancelled = false;
  bool joined = false;
  auto own = std::make_unique<asio::io_context>();
  auto owner = [&]() -> Task<void> {
    Child child(own->get_executor(), "child", wait_for_ever(was_cancelled));
    co_await child.join();
    joined = true;
  };
  asio::co_spawn(*own, owner(), [](const std::exception_ptr&) {});
  own->run_for(1ms);
  own.reset();
  EXPECT_FALSE(was_cancelled);
  EXPECT_FALSE(joined);
}

class TaskGroupTest : public ChildTest {
 protected:
  TaskGroup group{io.get_executor()};
};

TEST_F(TaskGroupTest, JoinsAllAlsoThoseSpawnedMeanwhile) {
  int ended = 0;
  auto leaf = [&]() -> Task<void> {
    co_await sleep_for(2ms);
    ++ended;
  };
  auto parent = [&]() -> Task<void> {
    co_await sleep_for(1ms);
    group.spawn("leaf", leaf());
    ++ended;
  };
  group.spawn("parent", parent());
  group.spawn("parent", parent());
  EXPECT_EQ(group.size(), 2U);
  test::run_task(io, group.join());
  EXPECT_EQ(ended, 4);
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, JoinsWhatIsSpawnedInTheVeryMomentTheLastOneEnds) {
  int ended = 0;
  auto late = [&]() -> Task<void> {
    co_await sleep_for(1ms);
    ++ended;
  };
  auto quick = [&]() -> Task<void> {
    co_await sleep_for(1ms);
    asio::post(io, [&] { group.spawn("late", late()); });
  };
  for (int i = 0; i < 10; ++i) group.spawn("quick", quick());
  auto whole = [&]() -> Task<void> {
    while (ended < 10) {
      co_await group.join();
      co_await asio::post(io.get_executor(), asio::use_awaitable);
    }
  };
  test::run_task(io, whole());
  EXPECT_EQ(ended, 10);
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, CancelsAll) {
  std::array<bool, 5> was_cancelled{};
  auto whole = [&]() -> Task<void> {
    for (bool& one : was_cancelled) group.spawn("waiter", wait_for_ever(one));
    co_await sleep_for(1ms);
    group.cancel();
    co_await group.join();
  };
  test::run_task(io, whole());
  EXPECT_THAT(was_cancelled, testing::Each(true));
}

TEST_F(TaskGroupTest, SurvivesAnExceptionInOne) {
  LogFile log;
  bool ended = false;
  auto bad = []() -> Task<void> {
    co_await sleep_for(1ms);
    throw std::runtime_error("no");
  };
  auto good = [&]() -> Task<void> {
    co_await sleep_for(5ms);
    ended = true;
  };
  group.spawn("bad", bad());
  group.spawn("good", good());
  test::run_task(io, group.join());
  EXPECT_TRUE(ended);
  EXPECT_THAT(log.text(), HasSubstr("task=bad"));
}

}  // namespace
}  // namespace gantry::async
