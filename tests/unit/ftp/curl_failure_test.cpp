#include "ftp/curl_failure.hpp"

#include <gtest/gtest.h>

namespace gantry::ftp {
namespace {

TEST(FailureOf, AHandshakeThatWasCutIsNoWordAboutTheServer) {
  const Failure cut = failure_of(CURLE_SSL_CONNECT_ERROR, "Recv failure: Connection reset by peer", nullptr, true);
  EXPECT_EQ(cut.why, Why::network);
  EXPECT_TRUE(cut.again);
  const Failure refused = failure_of(CURLE_SSL_CONNECT_ERROR, "error:0A00010B: wrong version number", nullptr, true);
  EXPECT_EQ(refused.why, Why::tls);
  EXPECT_FALSE(refused.again);
}

TEST(FailureOf, TheWordsOfAReplyCount) {
  const Reply full{.code = 530, .lines = {"Too many connections"}};
  EXPECT_TRUE(failure_of(CURLE_LOGIN_DENIED, nullptr, &full, true).too_many);
  const Reply wrong{.code = 530, .lines = {"Login incorrect"}};
  const Failure denied = failure_of(CURLE_LOGIN_DENIED, nullptr, &wrong, true);
  EXPECT_EQ(denied.why, Why::login);
  EXPECT_FALSE(denied.again);
  EXPECT_EQ(denied.text, "530 Login incorrect");
}

}  // namespace
}  // namespace gantry::ftp
