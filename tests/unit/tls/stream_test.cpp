// Bytes both ways and the ways a connection ends, in clear and over TLS.
#include <fcntl.h>

#include <boost/asio/post.hpp>

#include <future>

#include "async/child.hpp"
#include "async/event.hpp"
#include "async/turns.hpp"
#include "base/pipe.hpp"
#include "tests/unit/tls/fixture.hpp"

namespace gantry::tls {
namespace {

enum class Layer { clear, tls12, tls13 };

ClientOptions client_options(Layer layer) {
  return {.version = layer == Layer::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION};
}

class StreamLayers : public TlsTest, public testing::WithParamInterface<Layer> {
 protected:
  Link link_of(Role role) {
    Link link = connect();
    if (GetParam() != Layer::clear) EXPECT_TRUE(secure(link, role, client_options(GetParam())));
    return link;
  }
  [[nodiscard]] bool over_tls() const { return GetParam() != Layer::clear; }
  void end(Client& client) const {
    if (over_tls()) client.close_notify();
    client.end_of_file();
  }
};

INSTANTIATE_TEST_SUITE_P(Layers, StreamLayers, testing::Values(Layer::clear, Layer::tls12, Layer::tls13));

const std::string& large() {
  static const std::string text = pattern(10 * 1024 * 1024 + 17);
  return text;
}

TEST_P(StreamLayers, CarriesAnUpload) {
  Link link = link_of(Role::data);
  std::jthread peer([&] {
    link.client->write(large());
    end(*link.client);
  });
  auto got = run(read_all(*link.server, 1024 * 1024));
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_TRUE(*got == large());
}

TEST_P(StreamLayers, ReadingLaterFindsWhatIsThereAlready) {
  Link link = link_of(Role::control);
  link.client->write("first line\r\nsecond line\r\n");
  // With the second line in hand already, in the kernel or in OpenSSL, waiting must not wait for a third.
  std::string got;
  std::array<std::byte, 12> buffer{};
  while (got.size() < 25) {
    auto count = run(link.server->read_later(buffer));
    ASSERT_TRUE(count) << count.error().text();
    got += as_text(ByteView(buffer).first(*count));
  }
  EXPECT_EQ(got, "first line\r\nsecond line\r\n");
  end(*link.client);
  auto over = run(link.server->read_later(buffer));
  ASSERT_TRUE(over) << over.error().text();
  EXPECT_EQ(*over, 0U);
}

TEST_P(StreamLayers, CarriesADownloadToItsLastByte) {
  Link link = link_of(Role::data);
  std::string got;
  std::jthread peer([&] {
    got = link.client->read();
    end(*link.client);
  });
  ASSERT_TRUE(run(link.server->write(as_byte_view(large()))));
  EXPECT_TRUE(run(link.server->finish(20s)));
  EXPECT_FALSE(link.server->open());
  peer.join();
  EXPECT_TRUE(link.client->ended_cleanly());
  EXPECT_TRUE(got == large());
}

TEST_P(StreamLayers, CarriesBothWaysAtOnce) {
  Link link = link_of(Role::control);
  Result<std::string> got;
  std::string received;
  std::jthread peer([&] {
    // Small pieces in turn, so that neither side ever fills both directions.
    for (int i = 0; i < 200; ++i) {
      link.client->write("NOOP\r\n");
      received += link.client->read(8);
    }
    end(*link.client);
  });
  auto reader = [](Stream& stream, Result<std::string>& out) -> Task<void> { out = co_await read_all(stream); };
  auto whole = [&]() -> Task<void> {
    async::Child child(io.get_executor(), "reader", reader(*link.server, got));
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(co_await link.server->write(as_byte_view("200 yes\n")));
    co_await child.join();
  };
  run(whole());
  peer.join();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->size(), 1200U);
  EXPECT_EQ(received.size(), 1600U);
}

TEST_P(StreamLayers, DistinguishesACutFromAnEnd) {
  Link link = link_of(Role::data);
  link.client->write("the beginning of a file");
  link.client->close();
  auto got = run(read_all(*link.server));
  if (!over_tls()) {
    EXPECT_EQ(got, "the beginning of a file");
    return;
  }
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::data_broken);
  EXPECT_EQ(got.error().detail, "truncated");
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(run(link.server->read_some(buffer)).error().detail, "truncated") << "asked again, it says the same";
}

TEST_P(StreamLayers, ReportsAReset) {
  Link link = link_of(Role::data);
  link.client->write("the beginning of a file");
  link.client->reset();
  auto got = run(read_all(*link.server));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::data_broken);
}

TEST_P(StreamLayers, ReportsThatNobodyReads) {
  Link link = link_of(Role::data);
  link.client->reset();
  Result<void> sent;
  for (int i = 0; i < 3 && sent; ++i) sent = run(link.server->write(as_byte_view("data")));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::data_broken);
}

TEST_P(StreamLayers, FinishTakesWhatIsStillComingSoThatNothingIsReset) {
  Link link = link_of(Role::data);
  link.client->write(pattern(40'000));  // nobody asked for it, and the server never reads it
  const std::string sent = pattern(300'000);
  std::string got;
  std::jthread peer([&] {
    got = link.client->read();
    end(*link.client);
  });
  ASSERT_TRUE(run(link.server->write(as_byte_view(sent))));
  EXPECT_TRUE(run(link.server->finish(20s)));
  peer.join();
  EXPECT_TRUE(link.client->ended_cleanly()) << link.client->failure();
  EXPECT_TRUE(got == sent);
}

TEST_P(StreamLayers, FinishGivesUpAtItsLimit) {
  Link link = link_of(Role::data);
  EXPECT_FALSE(run(link.server->finish(20ms)));
  EXPECT_FALSE(link.server->open());
}

Task<void> take_turns(asio::any_io_executor executor) {
  for (int i = 0; i < 3; ++i) {
    co_await async::Turns::of(executor).wait(executor);
    for (const auto until = SteadyClock::now() + 5ms; SteadyClock::now() < until;) {
    }
  }
}

TEST_P(StreamLayers, FinishDoesNotWaitForItsTurn) {
  Link link = link_of(Role::data);
  std::promise<void> waited_for;
  std::jthread peer([&] {
    waited_for.get_future().wait();
    link.client->write("x");
    link.client->read();
    end(*link.client);
  });
  auto whole = [&]() -> Task<void> {
    async::TaskGroup line(io.get_executor());
    // What had to be waited for begins a turn, and each attempt counts as a page: the 64 are one.
    Result<std::size_t> got;
    std::vector<std::byte> byte(1);
    auto read = [&]() -> Task<void> { got = co_await link.server->read_some(byte); };
    async::Child reader(io.get_executor(), "reader", read());
    co_await asio::post(io, asio::use_awaitable);
    waited_for.set_value();
    co_await reader.join();
    EXPECT_TRUE(got);
    for (int i = 0; i < 63; ++i) EXPECT_TRUE(co_await link.server->write(as_byte_view("x")));
    for (int i = 0; i < 20; ++i) line.spawn("other", take_turns(io.get_executor()));
    co_await asio::post(io, asio::use_awaitable);
    co_await link.server->finish(20ms);
    co_await line.join();
  };
  run(whole());
  peer.join();
  EXPECT_TRUE(link.client->ended_cleanly()) << link.client->failure();
}

TEST_P(StreamLayers, FinishAnswersTheEndOfAnUpload) {
  Link link = link_of(Role::data);
  std::jthread peer([&] {
    link.client->write("file");
    end(*link.client);
    link.client->read();
  });
  EXPECT_EQ(run(read_all(*link.server)), "file");
  EXPECT_TRUE(run(link.server->finish(20s)));
  peer.join();
  EXPECT_TRUE(link.client->ended_cleanly());
}

Task<void> reading(Stream& stream, Result<std::string>& out) { out = co_await read_all(stream); }

Task<void> writing_for_ever(Stream& stream, Result<void>& out) {
  const std::string block = pattern(1024 * 1024);
  while (out) out = co_await stream.write(as_byte_view(block));
}

TEST_P(StreamLayers, ReadingIsCancelledByItsOwnerAndGoesOnLater) {
  Link link = link_of(Role::control);
  Result<std::string> got;
  auto whole = [&]() -> Task<void> {
    async::Child child(io.get_executor(), "reader", reading(*link.server, got));
    co_await async::sleep_for(1ms);
    child.cancel();
    co_await child.join();
  };
  run(whole());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::cancelled);
  link.client->write("later");
  end(*link.client);
  EXPECT_EQ(run(read_all(*link.server)), "later");
}

TEST_P(StreamLayers, WritingIsCancelledAndTheCutIsVisible) {
  Link link = link_of(Role::data);
  Result<void> sent;
  auto whole = [&]() -> Task<void> {
    async::Child child(io.get_executor(), "writer", writing_for_ever(*link.server, sent));
    co_await async::sleep_for(1ms);
    child.cancel();
    co_await child.join();
  };
  run(whole());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::cancelled);
  std::jthread peer([&] {
    link.client->read();
    link.client->close();
  });
  run(link.server->finish(20s));
  peer.join();
  EXPECT_NE(link.client->ended_cleanly(), over_tls()) << "a file cut short must not look complete over TLS";
}

TEST_P(StreamLayers, CloseEndsWhatWaits) {
  Link link = link_of(Role::control);
  Result<std::string> got;
  auto whole = [&]() -> Task<void> {
    async::Child child(io.get_executor(), "reader", reading(*link.server, got));
    co_await async::sleep_for(1ms);
    link.server->close();
    co_await child.join();
  };
  run(whole());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::cancelled);
  std::vector<std::byte> buffer(10);
  EXPECT_EQ(run(link.server->read_some(buffer)).error().code, Errc::cancelled);
  EXPECT_EQ(run(link.server->write(as_byte_view("x"))).error().code, Errc::cancelled);
  EXPECT_FALSE(run(link.server->finish(1s)));
}

TEST_P(StreamLayers, AbortResetsTheConnection) {
  Link link = link_of(Role::control);
  link.server->abort();
  EXPECT_EQ(link.client->read(), "");
  EXPECT_FALSE(link.client->ended_cleanly());
}

TEST_P(StreamLayers, AFastPeerDoesNotKeepTheLane) {
  Link link = link_of(Role::control);
  link.client->write(std::string(1000, 'x'));
  bool others_ran = false;
  std::size_t read_before = 0;
  auto whole = [&]() -> Task<void> {
    asio::post(io, [&] { others_ran = true; });
    std::vector<std::byte> one(1);
    for (; read_before < 1000 && !others_ran; ++read_before) EXPECT_TRUE(co_await link.server->read_some(one));
  };
  run(whole());
  EXPECT_TRUE(others_ran);
  EXPECT_LT(read_before, 1000U);
}

class StreamTest : public TlsTest {};

TEST_F(StreamTest, AResetBehindCloseNotifyIsACleanEnd) {
  Link link = connect();
  ASSERT_TRUE(secure(link, Role::data));
  link.client->write("whole file");
  link.client->close_notify();
  link.client->reset();
  auto got = run(read_all(*link.server));
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(*got, "whole file");
}

TEST_F(StreamTest, UrgentBytesStayInTheStream) {
  Link link = connect();
  ASSERT_EQ(send(link.client->descriptor(), "ABOR\r\n", 6, MSG_OOB), 6);
  link.client->end_of_file();
  EXPECT_EQ(run(read_all(*link.server)), "ABOR\r\n");
}

TEST_F(StreamTest, KnowsBothAddressesAlsoAfterTheEnd) {
  Link link = connect();
  const auto local = link.server->local_endpoint();
  const auto remote = link.server->remote_endpoint();
  EXPECT_TRUE(local.address().is_loopback());
  EXPECT_NE(local.port(), remote.port());
  link.server->close();
  EXPECT_EQ(link.server->local_endpoint(), local);
  EXPECT_EQ(link.server->remote_endpoint(), remote);
  EXPECT_EQ(link.server->native_handle(), -1);
}

TEST_F(StreamTest, SendsAFileWithoutCopying) {
  Link link = connect();
  const std::string content = pattern(3 * 1024 * 1024 + 5);
  const int file = open(files.write("file", content).c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  ASSERT_TRUE(link.server->can_send_file());
  std::string got;
  std::jthread peer([&] {
    got = link.client->read();
    link.client->close();
  });
  auto whole = [&]() -> Task<Result<std::size_t>> {
    for (std::uint64_t offset = 7;;) {
      auto sent = co_await link.server->send_file(file, offset, 2 * 1024 * 1024);
      if (!sent || *sent == 0) co_return sent;
      EXPECT_LE(*sent, 1024U * 1024);
      offset += *sent;
    }
  };
  auto sent = run(whole());
  ASSERT_TRUE(sent) << sent.error().text();
  EXPECT_TRUE(run(link.server->finish(20s)));
  peer.join();
  EXPECT_TRUE(got == content.substr(7));
  close(file);
}

/// Everything up to the end, by way of a pipe.
Task<Result<std::string>> read_all_through(Stream& stream, const Pipe& pipe) {
  std::string all;
  for (std::string piece(Pipe::room, ' ');;) {
    auto count = co_await stream.read_into_pipe(pipe.in(), Pipe::room);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return all;
    for (std::size_t left = *count; left > 0;) {
      const ssize_t got = ::read(pipe.out(), piece.data(), left);
      if (got <= 0) co_return fail(Errc::internal, "read", "the pipe has less than it was said to have");
      all.append(piece, 0, static_cast<std::size_t>(got));
      left -= static_cast<std::size_t>(got);
    }
  }
}

TEST_F(StreamTest, ReadsIntoAPipeWithoutCopying) {
  Link link = connect();
  const auto pipe = Pipe::make();
  ASSERT_TRUE(pipe);
  ASSERT_TRUE(link.server->can_splice());
  std::jthread peer([&] {
    link.client->write(large());
    link.client->end_of_file();
  });
  const auto got = run(read_all_through(*link.server, *pipe));
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_TRUE(*got == large());
}

TEST_F(StreamTest, AResetOnTheWayIntoAPipeIsNoEnd) {
  Link link = connect();
  const auto pipe = Pipe::make();
  link.client->write(pattern(1000));
  link.client->reset();
  const auto got = run(read_all_through(*link.server, *pipe));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::data_broken);
}

TEST_F(StreamTest, UrgentBytesAreNotTheEndForAPipe) {
  Link link = connect();
  const auto pipe = Pipe::make();
  link.client->write("before, ");
  ASSERT_EQ(send(link.client->descriptor(), "!", 1, MSG_OOB), 1);
  link.client->write(" after");
  link.client->end_of_file();
  const auto got = run(read_all_through(*link.server, *pipe));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::unsupported);
  EXPECT_EQ(run(read_all(*link.server)), "! after");
}

TEST_F(StreamTest, UrgentBytesDoNotKeepAPipeWaiting) {
  Link link = connect();
  const auto pipe = Pipe::make();
  ASSERT_EQ(send(link.client->descriptor(), "!", 1, MSG_OOB), 1);
  EXPECT_EQ(test::code(run(link.server->read_into_pipe(pipe->in(), Pipe::room))), Errc::unsupported);
}

Task<void> reading_into(Stream& stream, const Pipe& pipe, Result<std::size_t>& got) {
  got = co_await stream.read_into_pipe(pipe.in(), Pipe::room);
}

TEST_F(StreamTest, APipeWaitsForBytesThatComeLater) {
  Link link = connect();
  const auto pipe = Pipe::make();
  Result<std::size_t> got = 0;
  auto whole = [&]() -> Task<void> {
    async::Child child(io.get_executor(), "reader", reading_into(*link.server, *pipe, got));
    co_await async::sleep_for(1ms);
    EXPECT_TRUE(child.running());
    link.client->write("late");
    co_await child.join();
  };
  run(whole());
  EXPECT_EQ(got, 4U);
}

TEST_F(StreamTest, NoPipeTakesWhatIsEncrypted) {
  Link link = connect();
  ASSERT_TRUE(secure(link, Role::data, {}));
  EXPECT_FALSE(link.server->can_splice());
}

TEST_F(StreamTest, SendingAFileTellsTheFileFromTheNetwork) {
  Link link = connect();
  EXPECT_EQ(run(link.server->send_file(-1, 0, 100)).error().code, Errc::unavailable);
  Link gone = connect();
  const int file = open(files.write("file", pattern(100'000)).c_str(), O_RDONLY | O_CLOEXEC);
  gone.client->reset();
  Result<std::size_t> sent;
  for (int i = 0; i < 3 && sent; ++i) sent = run(gone.server->send_file(file, 0, 100'000));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::data_broken);
  close(file);
}

}  // namespace
}  // namespace gantry::tls
