// Clients with certificates: who is asked, who is let on, and what a certificate says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tls/fixture.hpp"

namespace gantry::tls {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ClientCertificate : public TlsTest {
 protected:
  /// The fixture's self-made certificate is its own authority, and the client's too.
  void ask(ClientCertificates clients, const std::string& authority = {}) {
    ServerOptions options = files.options();
    options.clients = clients;
    options.client_ca = authority.empty() ? options.certificate : authority;
    auto made = ServerContext::create(options, context.get());
    ASSERT_TRUE(made) << made.error().text();
    context = *made;
  }

  [[nodiscard]] ClientOptions own(int version = 0) const {
    return {.version = version, .certificate = files.path("cert.pem"), .key = files.path("key.pem")};
  }

  CertificateFiles stranger;
};

TEST_F(ClientCertificate, NamesAreKnownAfterTheHandshake) {
  ask(ClientCertificates::accept);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Link link = connect();
    ASSERT_TRUE(secure(link, Role::control, own(version)));
    EXPECT_THAT(link.server->client_names(), ElementsAre("ftp.example.org"));
  }
}

TEST_F(ClientCertificate, ClientsWithoutOneGoOnUnlessItIsDemanded) {
  Link unasked = connect();
  ASSERT_TRUE(secure(unasked, Role::control, own()));
  EXPECT_THAT(unasked.server->client_names(), IsEmpty());
  ask(ClientCertificates::accept);
  Link link = connect();
  ASSERT_TRUE(secure(link, Role::control));
  EXPECT_THAT(link.server->client_names(), IsEmpty());
  ask(ClientCertificates::require);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Link refused = connect();
    EXPECT_FALSE(secure(refused, Role::control, {.version = version}));
    Link accepted = connect();
    EXPECT_TRUE(secure(accepted, Role::control, own(version)));
  }
}

TEST_F(ClientCertificate, OfAnotherAuthorityIsRefused) {
  ask(ClientCertificates::accept);
  Link link = connect();
  const auto done =
      secure(link, Role::control, {.certificate = stranger.path("cert.pem"), .key = stranger.path("key.pem")});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text(), HasSubstr("certificate"));
  EXPECT_THAT(link.server->client_names(), IsEmpty());
}

TEST_F(ClientCertificate, IsNotAskedForOnDataConnections) {
  ask(ClientCertificates::require);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Link control = connect();
    ASSERT_TRUE(secure(control, Role::control, own(version)));
    control.server->offer_ticket();
    ASSERT_TRUE(run(control.server->write(as_byte_view("x"))));
    control.client->read(1);
    ASSERT_FALSE(control.client->sessions().empty());
    Link resumed = connect();
    ASSERT_TRUE(secure(resumed, Role::data, {.version = version, .resume = control.client->sessions().back()}));
    EXPECT_TRUE(resumed.server->resumed_from(*control.server));
    Link fresh = connect();
    EXPECT_TRUE(secure(fresh, Role::data, {.version = version}));
  }
}

TEST_F(ClientCertificate, OfAResumedSessionIsVerifiedAnew) {
  ask(ClientCertificates::accept);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Link first = connect();
    ASSERT_TRUE(secure(first, Role::control, own(version)));
    ASSERT_TRUE(run(first.server->write(as_byte_view("x"))));
    first.client->read(1);
    ASSERT_FALSE(first.client->sessions().empty());
    SSL_SESSION* session = first.client->sessions().back();
    Link again = connect();
    ASSERT_TRUE(secure(again, Role::control, {.version = version, .resume = session}));
    EXPECT_THAT(again.server->client_names(), ElementsAre("ftp.example.org"));
    // A reload has put another authority in the place of the one that issued it.
    const auto before = context;
    ask(ClientCertificates::accept, stranger.path("cert.pem"));
    Link doubtful = connect();
    ASSERT_TRUE(secure(doubtful, Role::control, {.version = version, .resume = session}));
    EXPECT_THAT(doubtful.server->client_names(), IsEmpty());
    ask(ClientCertificates::require, stranger.path("cert.pem"));
    Link refused = connect();
    const auto done = secure(refused, Role::control, {.version = version, .resume = session});
    EXPECT_FALSE(done);
    context = before;
  }
}

TEST_F(ClientCertificate, AuthoritiesThatCannotBeReadAreExplained) {
  ServerOptions options = files.options();
  options.clients = ClientCertificates::accept;
  options.client_ca = files.path("missing.pem");
  EXPECT_THAT(ServerContext::create(options).error().detail, HasSubstr("missing.pem cannot be opened"));
  options.client_ca = files.write("empty.pem", "nothing\n");
  EXPECT_THAT(ServerContext::create(options).error().detail, HasSubstr("must hold certificates in PEM form"));
}

}  // namespace
}  // namespace gantry::tls
