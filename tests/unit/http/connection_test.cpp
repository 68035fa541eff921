// A connection that moves much lets whatever else is ready on its lane go first.
#include "http/connection.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <optional>
#include <string>
#include <vector>

#include "async/turns.hpp"
#include "base/units.hpp"

namespace gantry::http {
namespace {

using namespace std::chrono_literals;

class ConnectionTurns : public testing::Test {
 protected:
  void SetUp() override {
    asio::ip::tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    connection_.socket().connect(acceptor.local_endpoint());
    peer_ = acceptor.accept();
  }

  /// `bytes`, in pieces that are there before they are asked for.
  Task<void> receive(std::size_t bytes) {
    const std::string piece(16 * kib, 'x');
    std::vector<std::byte> room(piece.size());
    for (std::size_t got = 0; got < bytes;) {
      if (got % piece.size() == 0) asio::write(peer_, asio::buffer(piece));
      got += (co_await connection_.read_some(room)).bytes;
    }
  }

  /// Whether a read that need not wait for its bytes was done before somebody who came after it had his say.
  bool comes_first_after(std::size_t bytes) {
    bool done = false;
    std::optional<bool> done_before;
    const auto all = [&]() -> Task<void> {
      co_await receive(bytes);
      asio::write(peer_, asio::buffer("!", 1));
      asio::co_spawn(io_, somebody_busy(), asio::detached);
      asio::post(io_, [&] { asio::post(io_, [&] { done_before = done; }); });
      std::byte last{};
      const IoResult got = co_await connection_.read_some({&last, 1});
      EXPECT_EQ(got.bytes, 1U);
      done = true;
    };
    asio::co_spawn(io_, all(), asio::detached);
    io_.restart();
    io_.run();
    EXPECT_TRUE(done);
    return done_before.value();
  }

  asio::io_context io_;
  Connection connection_{io_.get_executor()};
  Tcp::socket peer_{io_};

 private:
  /// First in the line, and for so long that nobody else has a turn in the same round.
  Task<void> somebody_busy() {
    co_await async::Turns::of(io_.get_executor()).wait(io_.get_executor());
    for (const auto end = SteadyClock::now() + 3ms; SteadyClock::now() < end;) {
    }
  }
};

TEST_F(ConnectionTurns, WhoMovedLittleDoesNotWait) { EXPECT_TRUE(comes_first_after(64 * kib)); }

TEST_F(ConnectionTurns, WhoMovedMuchStandsInTheLine) { EXPECT_FALSE(comes_first_after(256 * kib)); }

TEST_F(ConnectionTurns, OneWriteIsOneTurn) {
  // What the kernel would take at once is more.
  connection_.socket().set_option(asio::socket_base::send_buffer_size(4 * mib));
  const std::string piece(64 * kib, 'x');
  const std::vector<asio::const_buffer> pieces(16, asio::buffer(piece));
  std::size_t sent = 0;
  asio::co_spawn(io_, [&]() -> Task<void> { sent = (co_await connection_.write_some(pieces)).bytes; }, asio::detached);
  io_.run();
  EXPECT_GT(sent, 0U);
  EXPECT_LE(sent, 256 * kib);
}

}  // namespace
}  // namespace gantry::http
