// Replies on their way to a client that reads, and to one that does not.
#include "session/control_channel.hpp"

#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "tests/support/run.hpp"

namespace gantry::session {
namespace {

using proto::reply;

class ControlChannelTest : public testing::Test {
 protected:
  ControlChannelTest() {
    Tcp::acceptor acceptor(io_, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    client_.connect(acceptor.local_endpoint());
    channel_ = std::make_unique<ControlChannel>(std::make_unique<tls::Stream>(acceptor.accept()), changed_);
  }

  /// Blocks until so many bytes have come.
  std::string receive(std::size_t count) {
    std::string text(count, '\0');
    asio::read(client_, asio::buffer(text));
    return text;
  }
  [[nodiscard]] bool nothing_received() { return client_.available() == 0; }

  asio::io_context io_;
  Tcp::socket client_{io_};
  async::Event changed_{io_.get_executor()};
  std::unique_ptr<ControlChannel> channel_;
};

TEST_F(ControlChannelTest, AReplyToALoneCommandGoesAtOnce) {
  channel_->send(reply(220, "Ready"));
  // Nothing else has run: no coroutine was needed.
  EXPECT_EQ(receive(11), "220 Ready\r\n");
}

TEST_F(ControlChannelTest, WhatTheClientDoesNotTakeFollowsInOrder) {
  const std::string text(60'000, 'x');
  std::string expected;
  for (int number = 0; number < 200; ++number) {
    channel_->send(reply(200, std::to_string(number) + text));
    expected += "200 " + std::to_string(number) + text + "\r\n";
  }
  EXPECT_TRUE(channel_->congested());
  channel_->start();
  std::string got;
  while (got.size() < expected.size()) {
    got += receive(std::min<std::size_t>(expected.size() - got.size(), std::max<std::size_t>(1, client_.available())));
    io_.restart();
    io_.poll();
  }
  EXPECT_TRUE(got == expected);
  EXPECT_FALSE(channel_->congested());
  EXPECT_FALSE(channel_->broken());
  test::run_task(io_, channel_->stop());
}

TEST_F(ControlChannelTest, RepliesToPipelinedCommandsWaitForEachOther) {
  channel_->start();
  asio::write(client_, asio::buffer(std::string("NOOP\r\nNOOP\r\n")));
  while (channel_->waiting_lines() < 2) io_.run_one();
  static_cast<void>(channel_->take_line());
  channel_->send(reply(200, "one"));
  EXPECT_TRUE(nothing_received());
  static_cast<void>(channel_->take_line());
  channel_->send(reply(200, "two"));
  EXPECT_TRUE(nothing_received());
  test::run_task(io_, channel_->flush(std::chrono::seconds(20)));
  EXPECT_EQ(receive(18), "200 one\r\n200 two\r\n");
  test::run_task(io_, channel_->stop());
}

TEST_F(ControlChannelTest, AClientThatIsGoneIsNoticed) {
  client_.set_option(asio::socket_base::linger(true, 0));
  client_.close();
  channel_->start();
  while (!channel_->ended()) {
    channel_->send(reply(200, "is anybody there"));
    io_.run_one();
  }
  test::run_task(io_, channel_->stop());
}

}  // namespace
}  // namespace gantry::session
