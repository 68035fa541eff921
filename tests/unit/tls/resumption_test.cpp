// Session tickets: where they are sent, and whose session a data connection resumes.
#include "tests/unit/tls/fixture.hpp"

namespace gantry::tls {
namespace {

class Resumption : public TlsTest {
 protected:
  /// The client has read what the server sent so far, tickets included.
  void exchange(Link& link) {
    ASSERT_TRUE(run(link.server->write(as_byte_view("220 x\r\n"))));
    ASSERT_EQ(link.client->read(7), "220 x\r\n");
  }

  Link control(const ClientOptions& options = {}) {
    Link link = connect();
    EXPECT_TRUE(secure(link, Role::control, options));
    exchange(link);
    return link;
  }

  Link data(SSL_SESSION* session, ClientOptions options = {}) {
    options.resume = session;
    Link link = connect();
    EXPECT_TRUE(secure(link, Role::data, options));
    return link;
  }
};

TEST_F(Resumption, DataConnectionsCarryNoTickets) {
  Link link = data(nullptr);
  exchange(link);
  EXPECT_EQ(link.client->sessions().size(), 0U);
  Link first = control();
  Link resumed = data(first.client->sessions().at(0));
  exchange(resumed);
  EXPECT_EQ(resumed.client->sessions().size(), 0U);
}

TEST_F(Resumption, ControlConnectionsOfferTwoTicketsAndOneMoreEachTime) {
  Link link = control();
  EXPECT_EQ(link.client->sessions().size(), 2U);
  for (std::size_t offered = 3; offered < 6; ++offered) {
    link.server->offer_ticket();
    exchange(link);
    EXPECT_EQ(link.client->sessions().size(), offered);
  }
  Link next = data(link.client->sessions().back());
  EXPECT_TRUE(next.server->resumed_from(*link.server));
}

TEST_F(Resumption, AnUnsentTicketDoesNotSpoilTheFarewell) {
  Link link = control();
  link.server->offer_ticket();
  std::jthread peer([&] {
    link.client->read();
    link.client->close_notify();
  });
  EXPECT_TRUE(run(link.server->finish(20s)));
  peer.join();
  EXPECT_TRUE(link.client->ended_cleanly());
}

TEST_F(Resumption, OfferingIsHarmlessWhereThereIsNothingToOffer) {
  Link clear = connect();
  clear.server->offer_ticket();
  Link old = control({.version = TLS1_2_VERSION});
  old.server->offer_ticket();
  exchange(old);
  Link bulk = data(nullptr);
  bulk.server->offer_ticket();
  exchange(bulk);
  EXPECT_EQ(bulk.client->sessions().size(), 0U);
}

TEST_F(Resumption, OneTicketServesManyTransfers) {
  Link link = control();
  for (int i = 0; i < 20; ++i) {
    // OpenSSL's client never uses a TLS 1.3 session twice; others do, and hold their own copy.
    SSL_SESSION* copy = SSL_SESSION_dup(link.client->sessions().at(0));
    Link next = data(copy);
    EXPECT_TRUE(next.server->resumed_from(*link.server));
    SSL_SESSION_free(copy);
  }
}

/// TLS version and whether the client knows tickets at all.
class ResumptionKinds : public Resumption, public testing::WithParamInterface<ClientOptions> {};

TEST_P(ResumptionKinds, IsKnownByItsControlConnection) {
  Link one = control(GetParam());
  Link other = control(GetParam());
  ASSERT_FALSE(one.client->sessions().empty());
  Link mine = data(one.client->sessions().at(0), GetParam());
  EXPECT_TRUE(SSL_session_reused(mine.client->ssl()));
  EXPECT_TRUE(mine.server->resumed_from(*one.server));
  EXPECT_FALSE(mine.server->resumed_from(*other.server));
  Link fresh = data(nullptr, GetParam());
  EXPECT_FALSE(fresh.server->resumed_from(*one.server));
  Link clear = connect();
  EXPECT_FALSE(clear.server->resumed_from(*one.server));
  EXPECT_FALSE(mine.server->resumed_from(*clear.server));
}

TEST_P(ResumptionKinds, SurvivesThatTheControlConnectionWasResumedItself) {
  Link first = control(GetParam());
  ClientOptions again = GetParam();
  again.resume = first.client->sessions().at(0);
  Link second = control(again);
  ASSERT_TRUE(SSL_session_reused(second.client->ssl()));
  Link mine = data(SSL_get_session(second.client->ssl()), GetParam());
  EXPECT_TRUE(mine.server->resumed_from(*second.server));
}

INSTANTIATE_TEST_SUITE_P(Versions, ResumptionKinds,
                         testing::Values(ClientOptions{.version = TLS1_3_VERSION},
                                         ClientOptions{.version = TLS1_2_VERSION},
                                         ClientOptions{.version = TLS1_2_VERSION, .options = SSL_OP_NO_TICKET}));

class ResumptionReload : public Resumption, public testing::WithParamInterface<int> {};

TEST_P(ResumptionReload, OutlivesAReloadOfTheCertificate) {
  const ClientOptions options{.version = GetParam()};
  Link link = control(options);
  CertificateFiles renewed;
  auto next = ServerContext::create(renewed.options(), context.get());
  ASSERT_TRUE(next);
  context = *next;
  Link mine = data(link.client->sessions().at(0), options);
  EXPECT_TRUE(mine.server->resumed_from(*link.server));
  auto stranger = ServerContext::create(renewed.options());
  ASSERT_TRUE(stranger);
  context = *stranger;
  Link refused = data(link.client->sessions().at(0), options);
  EXPECT_FALSE(refused.server->resumed_from(*link.server));
}

INSTANTIATE_TEST_SUITE_P(Versions, ResumptionReload, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

}  // namespace
}  // namespace gantry::tls
