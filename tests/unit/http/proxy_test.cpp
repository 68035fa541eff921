#include <gtest/gtest.h>

#include <cstdlib>

#include "http/client.hpp"

namespace gantry::http {
namespace {

TEST(Proxy, ReadsLoginAndPort) {
  const auto proxy = parse_proxy("http://us%40er:p%3Aw@proxy.lan:8080/");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->host, "proxy.lan");
  EXPECT_EQ(proxy->port, 8080);
  EXPECT_EQ(proxy->user, "us@er");
  EXPECT_EQ(proxy->password.reveal(), "p:w");
}

TEST(Proxy, RefusesWhatItCannotUse) {
  for (const char* text : {"", "proxy:1", "https://p:1", "socks5://p:1", "http://:1", "http://u%zz@p:1",
                           "http://u%0a:x@p:1", "http://p:99999"}) {
    EXPECT_FALSE(parse_proxy(text)) << text;
  }
}

class ProxyEnvironment : public testing::Test {
 protected:
  ProxyEnvironment() { clear(); }
  ~ProxyEnvironment() override { clear(); }
  static void clear() {
    for (const char* name :
         {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      ::unsetenv(name);
    }
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }
  static std::string proxy_of(const char* url) {
    const auto proxy = proxy_from_environment(*parse_origin(url));
    return proxy ? proxy->host + ":" + std::to_string(proxy->port) : "";
  }
};

TEST_F(ProxyEnvironment, ChoosesByScheme) {
  EXPECT_EQ(proxy_of("http://a"), "");
  set("http_proxy", "http://plain:1");
  set("HTTPS_PROXY", "http://secure:2");
  EXPECT_EQ(proxy_of("http://a"), "plain:1");
  EXPECT_EQ(proxy_of("https://a"), "secure:2");
}

TEST_F(ProxyEnvironment, LowerCaseWinsAndAllIsTheLastResort) {
  set("all_proxy", "everything");
  EXPECT_EQ(proxy_of("https://a"), "everything:1080");
  set("HTTPS_PROXY", "http://upper:2");
  set("https_proxy", "http://lower:2");
  EXPECT_EQ(proxy_of("https://a"), "lower:2");
}

TEST_F(ProxyEnvironment, NoProxyExcludesNamesSuffixesAndNetworks) {
  set("http_proxy", "http://p:1");
  set("no_proxy", "localhost, .corp.example 10.0.0.0/8,192.168.1.7,[::1]");
  EXPECT_EQ(proxy_of("http://localhost"), "");
  EXPECT_EQ(proxy_of("http://corp.example"), "");
  EXPECT_EQ(proxy_of("http://cos.CORP.example"), "");
  EXPECT_EQ(proxy_of("http://mycorp.example"), "p:1");
  EXPECT_EQ(proxy_of("http://10.200.0.1"), "");
  EXPECT_EQ(proxy_of("http://11.0.0.1"), "p:1");
  EXPECT_EQ(proxy_of("http://192.168.1.7"), "");
  EXPECT_EQ(proxy_of("http://[::1]:9"), "");
  set("no_proxy", "*");
  EXPECT_EQ(proxy_of("http://elsewhere"), "");
}

}  // namespace
}  // namespace gantry::http
