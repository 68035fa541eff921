// Versions, ALPN, limits: who may speak TLS with us.
#include "async/child.hpp"
#include "async/event.hpp"
#include "tests/unit/tls/fixture.hpp"

namespace gantry::tls {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Handshake : public TlsTest {};

TEST_F(Handshake, SpeaksTls13WhenThePeerDoes) {
  Link link = connect();
  EXPECT_FALSE(link.server->encrypted());
  EXPECT_EQ(link.server->cipher(), "");
  ASSERT_TRUE(secure(link, Role::control));
  EXPECT_TRUE(link.server->encrypted());
  EXPECT_THAT(link.server->cipher(), StartsWith("TLSv1.3 TLS_"));
}

TEST_F(Handshake, SpeaksTls12WhenThePeerKnowsNoBetter) {
  Link link = connect();
  ASSERT_TRUE(secure(link, Role::data, {.version = TLS1_2_VERSION}));
  EXPECT_THAT(link.server->cipher(), StartsWith("TLSv1.2 "));
}

TEST_F(Handshake, RefusesTls11) {
  Link link = connect();
  auto done = secure(link, Role::control, {.version = TLS1_1_VERSION});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::data_broken);
  EXPECT_THAT(done.error().detail, HasSubstr("unsupported protocol"));
}

TEST_F(Handshake, RefusesRenegotiation) {
  Link link = connect();
  ASSERT_TRUE(secure(link, Role::control, {.version = TLS1_2_VERSION}));
  int outcome = 1;
  std::jthread peer([&] {
    SSL_renegotiate(link.client->ssl());
    outcome = SSL_do_handshake(link.client->ssl());
    link.client->close();
  });
  static_cast<void>(run(read_all(*link.server)));
  peer.join();
  EXPECT_NE(outcome, 1);
}

struct AlpnCase {
  Role role;
  std::vector<std::string> offered;
  std::string chosen;  ///< "refused", or "" for none
};

class Alpn : public TlsTest, public testing::WithParamInterface<AlpnCase> {};

TEST_P(Alpn, IsChosenByRole) {
  const AlpnCase& expected = GetParam();
  Link link = connect();
  auto done = secure(link, expected.role, {.protocols = expected.offered});
  if (expected.chosen == "refused") {
    EXPECT_FALSE(done);
    EXPECT_EQ(link.client->failure(), "tlsv1 alert no application protocol");
    return;
  }
  ASSERT_TRUE(done) << done.error().text();
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(link.client->ssl(), &name, &size);
  EXPECT_EQ(std::string(name, name + size), expected.chosen);
}

INSTANTIATE_TEST_SUITE_P(
    Roles, Alpn,
    testing::Values(AlpnCase{Role::control, {}, ""}, AlpnCase{Role::data, {}, ""},
                    AlpnCase{Role::control, {"ftp"}, "ftp"}, AlpnCase{Role::control, {"x-filezilla-ftp", "ftp"}, "ftp"},
                    AlpnCase{Role::control, {"http/1.1"}, "refused"}, AlpnCase{Role::control, {"ftp-data"}, "refused"},
                    AlpnCase{Role::data, {"ftp-data"}, "ftp-data"},
                    AlpnCase{Role::data, {"ftp", "ftp-data"}, "ftp-data"}, AlpnCase{Role::data, {"ftp"}, "ftp"},
                    AlpnCase{Role::data, {"h2", "http/1.1"}, "refused"}));

TEST_F(Handshake, EndsAtTheLimitWhenThePeerStopsInItsHello) {
  Link link = connect();
  link.client->write(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  auto done = run(link.server->handshake(context, Role::control, 50ms));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::timed_out);
}

TEST_F(Handshake, SaysWhatCameInsteadOfAHello) {
  Link link = connect();
  link.client->write("USER anonymous\r\n");
  auto done = run(link.server->handshake(context, Role::control, 20s));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::data_broken);
  EXPECT_NE(done.error().detail, "");
}

TEST_F(Handshake, NeverFallsBackToClearAfterAFailure) {
  Link link = connect();
  link.client->write("USER anonymous\r\nPASS x\r\n");
  ASSERT_FALSE(run(link.server->handshake(context, Role::control, 20s)));
  EXPECT_TRUE(link.server->encrypted());
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(run(link.server->read_some(buffer)).error().code, Errc::data_broken);
  EXPECT_EQ(run(link.server->write(as_byte_view("secret"))).error().code, Errc::data_broken);
  EXPECT_FALSE(link.server->can_send_file());
  run(link.server->finish(10ms));
  EXPECT_THAT(link.client->read(), testing::Not(HasSubstr("secret")));
}

TEST_F(Handshake, IsCancelledByItsOwner) {
  Link link = connect();
  Result<void> done;
  auto whole = [&]() -> Task<void> {
    async::Child child(io.get_executor(), "handshake",
                       [](Stream& stream, auto settings, Result<void>& out) -> Task<void> {
                         out = co_await stream.handshake(settings, Role::control, 20s);
                       }(*link.server, context, done));
    co_await async::sleep_for(1ms);
    child.cancel();
    co_await child.join();
  };
  run(whole());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::cancelled);
}

TEST_F(Handshake, ForgetsWhatWasSentInClear) {
  Link link = connect();
  link.client->write("NOOP\r\n");
  EXPECT_EQ(link.server->drop_unread_clear_bytes(), 6U);
  EXPECT_EQ(link.server->drop_unread_clear_bytes(), 0U);
  ASSERT_TRUE(secure(link, Role::control));
  std::jthread peer([&] {
    link.client->write("protected");
    link.client->close_notify();
  });
  EXPECT_EQ(run(read_all(*link.server)), "protected");
}

}  // namespace
}  // namespace gantry::tls
