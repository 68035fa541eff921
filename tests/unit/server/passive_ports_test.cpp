#include "server/passive_ports.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <set>

namespace gantry::server {
namespace {

const auto loopback = asio::ip::address_v4::loopback();

/// A few ports that are free now: taken from the system, then released.
config::PortRange free_range(asio::io_context& context, std::uint16_t count) {
  for (std::uint16_t first = 21000; first < 31000; first = static_cast<std::uint16_t>(first + count)) {
    std::vector<Tcp::acceptor> probes;
    boost::system::error_code error;
    for (std::uint16_t i = 0; i < count && !error; ++i) {
      Tcp::acceptor probe(context);
      probe.open(Tcp::v4(), error);
      if (!error) probe.bind({loopback, static_cast<std::uint16_t>(first + i)}, error);
      probes.push_back(std::move(probe));
    }
    if (!error) return {first, static_cast<std::uint16_t>(first + count - 1)};
  }
  throw std::runtime_error("no free ports");
}

TEST(PassivePorts, EveryPortOfTheRangeIsUsedOnceAndComesBack) {
  asio::io_context context;
  auto range = free_range(context, 4);
  auto ports = std::make_shared<PassivePorts>(range);
  std::vector<session::PassiveListener> open;
  std::set<std::uint16_t> seen;
  for (int i = 0; i < 4; ++i) {
    auto listener = ports->open(context.get_executor(), loopback);
    ASSERT_TRUE(listener) << listener.error().text();
    EXPECT_EQ(listener->acceptor.local_endpoint().port(), listener->lease->port());
    seen.insert(listener->lease->port());
    open.push_back(std::move(*listener));
  }
  EXPECT_EQ(seen.size(), 4U);
  EXPECT_EQ(*seen.begin(), range.first);
  EXPECT_EQ(*seen.rbegin(), range.last);

  auto none = ports->open(context.get_executor(), loopback);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::unavailable);
  EXPECT_NE(none.error().detail.find("server.passive_ports"), std::string::npos);

  auto given_back = open.back().lease->port();
  open.pop_back();
  auto again = ports->open(context.get_executor(), loopback);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->lease->port(), given_back);
}

TEST(PassivePorts, APortSomebodyElseHoldsIsPassedOver) {
  asio::io_context context;
  auto range = free_range(context, 2);
  Tcp::acceptor other(context);
  other.open(Tcp::v4());
  other.bind({loopback, range.first});
  other.listen();
  auto ports = std::make_shared<PassivePorts>(range);
  auto listener = ports->open(context.get_executor(), loopback);
  ASSERT_TRUE(listener) << listener.error().text();
  EXPECT_EQ(listener->lease->port(), range.last);
}

}  // namespace
}  // namespace gantry::server
