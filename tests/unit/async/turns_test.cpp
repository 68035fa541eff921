// Turns: who moves many bytes comes in order, and others come in between.
#include "async/turns.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <string>

namespace gantry::async {
namespace {

using namespace std::chrono_literals;

class TurnsTest : public testing::Test {
 protected:
  /// Takes so many turns, and notes each; `work`: how long one takes.
  Task<void> take(char name, int turns, SteadyClock::duration work = {}) {
    for (int i = 0; i < turns; ++i) {
      co_await Turns::of(io.get_executor()).wait(io.get_executor());
      for (const auto end = SteadyClock::now() + work; SteadyClock::now() < end;) {
      }
      order += name;
    }
  }
  /// Somebody else on the lane, noted as dots.
  Task<void> breathe(int times) {
    for (int i = 0; i < times; ++i) {
      co_await asio::post(io, asio::use_awaitable);
      order += '.';
    }
  }
  void start(Task<void> task) { asio::co_spawn(io, std::move(task), asio::detached); }

  std::string order;
  asio::io_context io;
};

TEST_F(TurnsTest, ComeInOrderAgainAndAgain) {
  for (char name : {'a', 'b', 'c'}) start(take(name, 2));
  io.run();
  EXPECT_EQ(order, "abcabc");
}

TEST_F(TurnsTest, OthersComeInBetweenHoweverLongTheLineIs) {
  for (char name : {'a', 'b', 'c', 'd'}) start(take(name, 2, 3ms));
  start(breathe(3));
  io.run();
  EXPECT_EQ(order, "a.b.c.dabcd");
}

TEST_F(TurnsTest, BeginAgainAfterTheLineWasEmpty) {
  start(take('a', 1));
  io.run();
  io.restart();
  start(take('b', 1));
  io.run();
  EXPECT_EQ(order, "ab");
}

TEST_F(TurnsTest, EndWithTheContext) {
  auto held = std::make_shared<int>(0);
  {
    asio::io_context gone;
    asio::co_spawn(
        gone,
        [](asio::io_context& context, std::shared_ptr<int>) -> Task<void> {
          co_await Turns::of(context.get_executor()).wait(context.get_executor());
        }(gone, held),
        asio::detached);
    gone.run_one();  // it waits in the line now
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace gantry::async
