// Certificates and keys: what is accepted, and what the operator is told otherwise.
#include "tests/unit/tls/fixture.hpp"

namespace gantry::tls {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string refusal(const ServerOptions& options) {
  auto made = ServerContext::create(options);
  if (made) return "accepted";
  EXPECT_EQ(made.error().code, Errc::invalid);
  EXPECT_EQ(ERR_peek_error(), 0U) << "left in the thread's queue, where the next connection would find it";
  return made.error().detail;
}

TEST(ServerContext, DescribesItsCertificate) {
  CertificateFiles files;
  auto made = ServerContext::create(files.options());
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_FALSE((*made)->expired());
  EXPECT_THAT((*made)->describe(), AllOf(HasSubstr("CN=ftp.example.org"), HasSubstr("valid until 20")));
}

TEST(ServerContext, SaysThatItHasExpired) {
  CertificateFiles files(-60);
  auto made = ServerContext::create(files.options());
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_TRUE((*made)->expired());
  EXPECT_THAT((*made)->describe(), HasSubstr("EXPIRED since 20"));
}

TEST(ServerContext, NamesTheFileThatIsMissing) {
  CertificateFiles files;
  EXPECT_THAT(refusal({"/nowhere/cert.pem", files.options().key}),
              AllOf(HasSubstr("/nowhere/cert.pem"), HasSubstr("No such file")));
  EXPECT_THAT(refusal({files.options().certificate, "/nowhere/key.pem"}),
              AllOf(HasSubstr("/nowhere/key.pem"), HasSubstr("No such file")));
}

TEST(ServerContext, NamesTheFileThatIsNotPem) {
  CertificateFiles files;
  const std::string garbage = files.write("garbage", "hello\n");
  EXPECT_THAT(refusal({garbage, files.options().key}), AllOf(HasSubstr(garbage), HasSubstr("PEM")));
  EXPECT_THAT(refusal({files.options().certificate, garbage}), AllOf(HasSubstr(garbage), HasSubstr("PEM")));
}

TEST(ServerContext, RefusesAKeyOfAnotherCertificate) {
  CertificateFiles files;
  CertificateFiles others;
  EXPECT_THAT(
      refusal({files.options().certificate, others.options().key}),
      AllOf(HasSubstr(files.options().certificate), HasSubstr(others.options().key), HasSubstr("does not belong")));
}

TEST(ServerContext, RefusesAKeyWithAPassPhraseInsteadOfAsking) {
  CertificateFiles files;
  EXPECT_THAT(refusal({files.options().certificate, files.path("locked.pem")}), HasSubstr("pass phrase"));
}

}  // namespace
}  // namespace gantry::tls
