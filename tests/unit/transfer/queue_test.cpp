#include "transfer/queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <thread>

#include "tests/unit/transfer/small_server.hpp"

namespace gantry::transfer {
namespace {

class QueueTest : public testing::Test {
 protected:
  Connect connect() {
    return [this] { return server.connect(stop); };
  }
  QueueOptions with(unsigned workers) {
    return {.workers = workers, .note = [this](const std::string& sentence) { notes.push_back(sentence); }};
  }
  /// Sets `stop` when the condition does not come true in a minute, so that nothing hangs.
  template <class Condition>
  void await(Condition&& condition) {
    const auto limit = std::chrono::steady_clock::now() + Seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    EXPECT_TRUE(condition());
  }

  std::atomic<bool> stop = false;
  std::vector<std::string> notes;  ///< one sentence at most is expected, and read after finish()
  SmallServer server;
};

Task counting(std::atomic<unsigned>& done) {
  return {.work = [&done](ftp::Connection&) -> Outcome<FileResult> {
            ++done;
            return FileResult{};
          },
          .ended = {}};
}

TEST_F(QueueTest, DoesEverythingOverOneConnectionForEachWorker) {
  std::atomic<unsigned> done = 0;
  Queue queue(with(3), connect(), stop);
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(queue.add(counting(done)));
  EXPECT_TRUE(queue.finish());
  EXPECT_EQ(done, 5000U);
  EXPECT_LE(server.logins(), 3U);
}

TEST_F(QueueTest, ConnectsNobodyWithoutTasks) {
  Queue queue(with(3), connect(), stop);
  EXPECT_TRUE(queue.finish());
  EXPECT_EQ(server.logins(), 0U);
}

TEST_F(QueueTest, WorkersWorkAtTheSameTime) {
  std::latch all(3);
  Queue queue(with(3), connect(), stop);
  for (int i = 0; i < 3; ++i)
    queue.add({.work = [&](ftp::Connection&) -> Outcome<FileResult> {
                 all.arrive_and_wait();
                 return FileResult{};
               },
               .ended = {}});
  EXPECT_TRUE(queue.finish());
  EXPECT_EQ(server.logins(), 3U);
}

TEST_F(QueueTest, ReportsInOrderWhenAsked) {
  std::vector<int> order;
  std::atomic<bool> second_done = false;
  auto options = with(2);
  options.in_order = true;
  Queue queue(options, connect(), stop);
  for (int i = 0; i < 100; ++i)
    queue.add({.work = [&, i](ftp::Connection&) -> Outcome<FileResult> {
                 if (i == 0) await([&] { return second_done.load(); });
                 if (i == 1) second_done = true;
                 return FileResult{};
               },
               .ended = [&order, i](const Outcome<FileResult>&) { order.push_back(i); }});
  EXPECT_TRUE(queue.finish());
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(QueueTest, KeepsFewTasksInMemory) {
  std::atomic<unsigned> done = 0;
  std::atomic<bool> go = false;
  auto options = with(1);
  options.waiting = 10;
  Queue queue(options, connect(), stop);
  std::atomic<unsigned> added = 0;
  std::thread caller([&] {
    for (int i = 0; i < 100; ++i) {
      queue.add({.work = [&](ftp::Connection&) -> Outcome<FileResult> {
                   await([&] { return go.load(); });
                   ++done;
                   return FileResult{};
                 },
                 .ended = {}});
      ++added;
    }
  });
  await([&] { return added >= 10; });
  EXPECT_LE(added, 12U);  // ten wait, one is worked on, one may be about to be counted
  go = true;
  caller.join();
  EXPECT_TRUE(queue.finish());
  EXPECT_EQ(done, 100U);
}

TEST_F(QueueTest, AFailureLeavesTheOthersAlone) {
  unsigned good = 0, bad = 0;
  Queue queue(with(2), connect(), stop);
  for (int i = 0; i < 20; ++i)
    queue.add({.work = [i](ftp::Connection&) -> Outcome<FileResult> {
                 if (i % 2 == 0) return ftp::failed(Why::refused, "no");
                 return FileResult{};
               },
               .ended = [&](const Outcome<FileResult>& result) { ++(result ? good : bad); }});
  EXPECT_TRUE(queue.finish());
  EXPECT_EQ(good, 10U);
  EXPECT_EQ(bad, 10U);
}

TEST_F(QueueTest, StopDropsWhatIsNotBegun) {
  unsigned ended = 0;
  Queue queue(with(1), connect(), stop);
  for (int i = 0; i < 20; ++i)
    queue.add({.work = [&](ftp::Connection&) -> Outcome<FileResult> {
                 stop = true;
                 return ftp::failed(Why::cancelled, "stopped");
               },
               .ended = [&](const Outcome<FileResult>&) { ++ended; }});
  const auto end = queue.finish();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().why, Why::cancelled);
  EXPECT_EQ(ended, 1U);
  EXPECT_FALSE(queue.add({}));
}

TEST_F(QueueTest, GivesUpAServerThatNobodyReaches) {
  unsigned ended = 0;
  Queue queue(with(1), connect(), stop);
  for (int i = 0; i < 20; ++i)
    queue.add({.work = [](ftp::Connection&) -> Outcome<FileResult> { return ftp::failed(Why::network, "cut"); },
               .ended = [&](const Outcome<FileResult>&) { ++ended; }});
  const auto end = queue.finish();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().why, Why::network);
  EXPECT_EQ(end.error().text, "cut; 17 not begun");
  EXPECT_EQ(ended, 3U);
}

TEST_F(QueueTest, AsksForAWrongPasswordOnce) {
  server.answer_logins("530 no");
  std::atomic<unsigned> done = 0;
  Queue queue(with(4), connect(), stop);
  for (int i = 0; i < 20 && queue.add(counting(done)); ++i) continue;
  const auto end = queue.finish();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().why, Why::login);
  EXPECT_EQ(done, 0U);
  EXPECT_EQ(server.logins(), 1U);
}

TEST_F(QueueTest, UsesTheCallersConnectionFirst) {
  auto own = server.connect(stop);
  ftp::Connection* seen = nullptr;
  Queue queue(with(1), beginning_with(*own, connect()), stop);
  queue.add({.work = [&](ftp::Connection& connection) -> Outcome<FileResult> {
               seen = &connection;
               return FileResult{};
             },
             .ended = {}});
  EXPECT_TRUE(queue.finish());
  EXPECT_EQ(seen, own.get());
}

TEST(QueueOnAFullServer, GoesOnWithFewerConnectionsAndSaysSoOnce) {
  SmallServer server(2);
  std::atomic<bool> stop = false;
  std::atomic<unsigned> done = 0;
  std::vector<std::string> notes;
  std::atomic<bool> noted = false;
  const auto note = [&](const std::string& sentence) {
    notes.push_back(sentence);
    noted = true;
  };
  Queue queue({.workers = 5, .note = note}, [&] { return server.connect(stop); }, stop);
  for (int i = 0; i < 50; ++i)
    queue.add({.work = [&](ftp::Connection&) -> Outcome<FileResult> {
                 // Nobody is idle before the third connection was tried.
                 const auto limit = std::chrono::steady_clock::now() + Seconds(60);
                 while (!noted && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
                 ++done;
                 return FileResult{};
               },
               .ended = {}});
  EXPECT_TRUE(queue.finish());
  EXPECT_EQ(done, 50U);
  EXPECT_EQ(server.refused(), 1U);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_TRUE(notes[0].ends_with("going on with 2")) << notes[0];
}

}  // namespace
}  // namespace gantry::transfer
