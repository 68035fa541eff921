#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "accounts/file_account_source.hpp"
#include "accounts/login_cache.hpp"
#include "accounts/login_check.hpp"
#include "accounts/password.hpp"
#include "accounts/permissions.hpp"
#include "tests/support/run.hpp"

namespace gantry::accounts {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::StartsWith;

bool check(std::string stored, std::string given) {
  return verify(Secret(std::move(stored)), Secret(std::move(given)));
}

/// argon2id at its cheapest, so that many checks fit into a test.
std::string cheap_hash(const std::string& text) {
  if (sodium_init() < 0) return {};
  std::array<char, crypto_pwhash_STRBYTES> out{};
  EXPECT_EQ(crypto_pwhash_str_alg(out.data(), text.data(), text.size(), crypto_pwhash_OPSLIMIT_MIN,
                                  crypto_pwhash_MEMLIMIT_MIN, crypto_pwhash_ALG_ARGON2ID13),
            0);
  return out.data();
}

Account account(const std::string& name, std::string password) {
  Account made;
  made.name = name;
  made.password = Secret(std::move(password));
  made.home = {"main", "/" + name};
  return made;
}

TEST(Permissions, LettersReadAndPrint) {
  const auto some = Permissions::parse("Tle");
  ASSERT_TRUE(some);
  EXPECT_EQ(some->letters(), "elT");
  EXPECT_TRUE(some->allows(Permission::set_time));
  EXPECT_FALSE(some->allows(Permission::write));
  EXPECT_FALSE(some->allows(Permission::chmod));
  EXPECT_EQ(Permissions::parse("elradfmwMT")->letters(), "elradfmwMT");
  EXPECT_EQ(Permissions::parse("")->letters(), "");
  EXPECT_FALSE(Permissions::parse("elx"));
  EXPECT_FALSE(Permissions::parse("t"));
}

TEST(Password, ImportedHashesOfEveryKindAreChecked) {
  // Made with crypt(3) from the password "secret".
  const std::vector<std::string> hashes{
      "$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0",
      // openssl passwd -apr1
      "$apr1$k2XAnEHB$x21dudHrAHOCZqiw.N3zL1", "$apr1$xy$94JxxwMvxqQwA3Iid6OL9.",
      "$5$rounds=1000$k2XAnEHBqQ1Ct2aM$jgOl0V/Vic8BJZ4wBDLE5hPwrxO8FWvvQqq4b1wm6k0",
      "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/2wzq/Tix/"
      "qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1",
      "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$Tg4ZRR7tz/WRlmYbADZh9OJYakPewgSPQqW55EXAJ14",
      "$gy$j75$k2XAnEHBqQ1Ct2aMXFKNa/$O2VXkrrbK/nrZECj6gzoetucyvBE.tkY7fQCPxGaah8",
      "$7$BU..../....k2XAnEHBqQ1Ct2aMXFKNa/$kHfmBJfFPI.rM/W7nSK4N.f7gXsq7U/kUJaT.MJMLuC",
      "$2a$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
      "$2b$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
      "$2y$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
      "$sha1$842$qI1BtUnBX7KM$QBQD0g9VsbZDVnSUTidBTu7wxEbO"};
  for (const std::string& hash : hashes) {
    EXPECT_TRUE(is_hash(hash)) << hash;
    EXPECT_TRUE(check(hash, "secret")) << hash;
    EXPECT_FALSE(check(hash, "Secret")) << hash;
    EXPECT_FALSE(check(hash, "")) << hash;
    EXPECT_FALSE(check(hash, std::string("secret\0more", 11))) << hash;
    EXPECT_FALSE(check(hash, hash)) << hash;
  }
}

TEST(Password, ApacheHashesOfPasswordsOfEveryLength) {
  // Made with openssl passwd -apr1 -salt k2XAnEHB.
  EXPECT_TRUE(check("$apr1$k2XAnEHB$DbvEDuo65zYTLHJzd7nrE.", ""));
  EXPECT_TRUE(check("$apr1$k2XAnEHB$FPJMQEXfGH/F.3E9oHQIu0", "a"));
  EXPECT_TRUE(check("$apr1$k2XAnEHB$ddY0n8Okm3HyM8XX8bK1C.", "a much longer password than sixteen bytes"));
  EXPECT_FALSE(check("$apr1$", ""));
  EXPECT_FALSE(check("$apr1$k2XAnEHB", "a"));
}

TEST(Password, NewHashesCostWhatIsAskedAndWeakerOnesAreKnown) {
  const HashCost cost{.memory = mib, .passes = 3};
  const auto made = hash_password("secret", cost);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_THAT(*made, StartsWith("$argon2id$v=19$m=1024,t=3,p=1$"));
  EXPECT_TRUE(check(*made, "secret"));
  EXPECT_FALSE(is_weaker(*made, cost));
  EXPECT_FALSE(is_weaker(*made, {.memory = mib, .passes = 1}));
  EXPECT_TRUE(is_weaker(*made, {.memory = 2 * mib, .passes = 3}));
  EXPECT_TRUE(is_weaker(*made, {.memory = mib, .passes = 4}));
  EXPECT_TRUE(is_weaker("$6$salt$hash", cost));
  EXPECT_TRUE(is_weaker("plain", cost));
}

TEST(Password, PlainTextMatchesOnlyItself) {
  EXPECT_TRUE(check("secret", "secret"));
  EXPECT_FALSE(check("secret", "secre"));
  EXPECT_FALSE(check("secret", "secret1"));
  EXPECT_FALSE(check("", ""));
  EXPECT_FALSE(is_hash("secret"));
  EXPECT_FALSE(is_hash("$dollars$"));
  EXPECT_TRUE(check("$dollars$", "$dollars$"));
}

TEST(Password, BrokenHashesMatchNothing) {
  for (const char* broken : {"$6$", "$6$salt", "$argon2id$", "$argon2id$v=19$m=1,t=1,p=1$x", "$2b$99$x", "$y$"}) {
    EXPECT_FALSE(check(broken, "")) << broken;
    EXPECT_FALSE(check(broken, "secret")) << broken;
    EXPECT_FALSE(check(broken, broken)) << broken;
  }
}

TEST(Password, NewHashesAreArgon2idAndDiffer) {
  const auto first = hash_password("secret");
  const auto second = hash_password("secret");
  ASSERT_TRUE(first && second);
  EXPECT_THAT(*first, StartsWith("$argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_NE(*first, *second);
  EXPECT_TRUE(check(*first, "secret"));
  EXPECT_FALSE(check(*first, "wrong"));
  EXPECT_EQ(hash_password("").error().code, Errc::invalid);
  EXPECT_EQ(hash_password(std::string(longest_password + 1, 'x')).error().code, Errc::invalid);
}

TEST(LoginCache, RemembersForAWhile) {
  LoginCache cache(2, Seconds(60));
  const Secret hash("hash");
  const LoginCache::Time start{std::chrono::hours(1)};
  const auto right = cache.digest("a", hash, Secret("bc"));
  cache.remember(right, start);
  EXPECT_TRUE(cache.knows(right, start + Seconds(59)));
  EXPECT_TRUE(cache.knows(cache.digest("a", hash, Secret("bc")), start));
  EXPECT_FALSE(cache.knows(cache.digest("ab", hash, Secret("c")), start));
  EXPECT_FALSE(cache.knows(cache.digest("a", hash, Secret("bd")), start));
  EXPECT_FALSE(cache.knows(cache.digest("a", Secret("another hash"), Secret("bc")), start));
  // Being remembered again does not prolong it.
  cache.remember(right, start + Seconds(59));
  EXPECT_FALSE(cache.knows(right, start + Seconds(60)));
}

TEST(LoginCache, KeysDifferFromProcessToProcessAndAZeroLifetimeKeepsNothing) {
  LoginCache one(2, Seconds(60));
  LoginCache other(2, Seconds(0));
  EXPECT_NE(one.digest("a", Secret("h"), Secret("b")), other.digest("a", Secret("h"), Secret("b")));
  const LoginCache::Time start{std::chrono::hours(1)};
  other.remember(other.digest("a", Secret("h"), Secret("b")), start);
  EXPECT_EQ(other.size(), 0U);
}

TEST(LoginCache, DropsTheOldestWhenFull) {
  LoginCache cache(2, Seconds(60));
  const Secret hash("hash");
  const LoginCache::Time start{std::chrono::hours(1)};
  const auto digest = [&](int i) { return cache.digest(std::to_string(i), hash, Secret("x")); };
  for (int i = 0; i < 5; ++i) cache.remember(digest(i), start + Seconds(i));
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_FALSE(cache.knows(digest(2), start + Seconds(5)));
  EXPECT_TRUE(cache.knows(digest(3), start + Seconds(5)));
  EXPECT_TRUE(cache.knows(digest(4), start + Seconds(5)));
}

std::shared_ptr<AccountSource> file_source(std::vector<Account> accounts,
                                           std::optional<Account> anonymous = std::nullopt) {
  return std::make_shared<FileAccountSource>(std::move(accounts), std::move(anonymous));
}

class Logins : public ::testing::Test {
 protected:
  Result<Account> login(Accounts& accounts, const std::string& user, const std::string& password,
                        const std::string& peer = "192.0.2.1", bool encrypted = false) {
    return test::run_task(context_, accounts.login({user, Secret(password), peer, encrypted}));
  }

  asio::io_context context_;
  async::BlockingPool pool_{2, 1000};
};

TEST_F(Logins, NameAndPasswordMustAgree) {
  LoginCheck accounts(file_source({account("alice", cheap_hash("a")), account("bob", "b")}), pool_);
  auto alice = login(accounts, "alice", "a");
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->name, "alice");
  EXPECT_EQ(alice->home.prefix, "/alice");
  EXPECT_TRUE(login(accounts, "bob", "b"));
  for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{{"alice", "b"},
                                                                                       {"alice", ""},
                                                                                       {"bob", "a"},
                                                                                       {"carol", "a"},
                                                                                       {"Alice", "a"},
                                                                                       {"", ""},
                                                                                       {"anonymous", "a@b"}}) {
    const auto refused = login(accounts, user, password);
    ASSERT_FALSE(refused) << user;
    EXPECT_EQ(refused.error().code, Errc::denied) << user;
  }
  // An unknown user is compared with a stored hash: its right password must not let anybody in.
  EXPECT_FALSE(login(accounts, "nobody", "a"));
  EXPECT_EQ(login(accounts, "alice", std::string(100'000, 'x')).error().code, Errc::denied);
}

TEST_F(Logins, TheRulesOfTheAccountAreChecked) {
  Account alice = account("alice", "a");
  alice.allow_from = {"10.0.0.0/8", "2001:db8::/32"};
  Account bob = account("bob", "b");
  bob.require_tls = true;
  Account carol = account("carol", "c");
  carol.allow_from = {"nonsense"};
  Account dave = account("dave", "d");
  dave.disabled = true;
  LoginCheck accounts(file_source({alice, bob, carol, dave}), pool_);
  EXPECT_TRUE(login(accounts, "alice", "a", "10.1.2.3"));
  EXPECT_TRUE(login(accounts, "alice", "a", "2001:db8::7"));
  EXPECT_THAT(login(accounts, "alice", "a", "192.0.2.1").error().detail, HasSubstr("allow_from"));
  // With a wrong password the rules stay unmentioned.
  EXPECT_THAT(login(accounts, "alice", "x", "192.0.2.1").error().detail, HasSubstr("password"));
  EXPECT_TRUE(login(accounts, "bob", "b", "192.0.2.1", true));
  EXPECT_THAT(login(accounts, "bob", "b").error().detail, HasSubstr("TLS"));
  EXPECT_EQ(login(accounts, "carol", "c").error().code, Errc::denied);
  EXPECT_THAT(login(accounts, "dave", "d").error().detail, HasSubstr("disabled"));
  EXPECT_THAT(login(accounts, "dave", "x").error().detail, HasSubstr("password"));
}

TEST_F(Logins, ASourceThatCannotTellIsNoVerdict) {
  class Broken : public AccountSource {
    Task<Result<std::optional<Account>>> find(std::string) override { co_return fail(Errc::unavailable, "find"); }
    Secret decoy() const override { return Secret("x"); }
  };
  LoginCheck accounts(std::make_shared<Broken>(), pool_);
  EXPECT_EQ(login(accounts, "alice", "a").error().code, Errc::unavailable);
}

TEST_F(Logins, AnonymousTakesAnyPassword) {
  LoginCheck accounts(file_source({account("ftp", "secret")}, account("guest", "")), pool_);
  for (const char* name : {"anonymous", "ANONYMOUS"}) {
    auto guest = login(accounts, name, "me@example.com");
    ASSERT_TRUE(guest) << name;
    EXPECT_TRUE(guest->anonymous);
    // One name for all, so that limits and quotas count them together.
    EXPECT_EQ(guest->name, "guest");
  }
  EXPECT_TRUE(login(accounts, "FTP", ""));
  // An account of that name comes first.
  EXPECT_FALSE(login(accounts, "ftp", "x"));
  EXPECT_FALSE(login(accounts, "ftp", "secret")->anonymous);
  EXPECT_FALSE(login(accounts, "guest", ""));
}

TEST_F(Logins, MoreChecksThanMayWaitAreThrottled) {
  LoginCheck accounts(file_source({account("alice", cheap_hash("a"))}), pool_,
                      {.hashes_at_once = 1, .waiting = 2, .remembered = 8, .remember_for = Seconds(60)});
  std::vector<Errc> codes;
  for (int i = 0; i < 6; ++i) {
    // Known and unknown names are refused alike.
    asio::co_spawn(
        context_,
        accounts.login({i % 2 == 0 ? "alice" : "nobody", Secret("wrong" + std::to_string(i)), "192.0.2.1", false}),
        [&](std::exception_ptr, const Result<Account>& result) { codes.push_back(result.error().code); });
  }
  context_.run();
  EXPECT_EQ(std::ranges::count(codes, Errc::throttled), 3);
  EXPECT_EQ(std::ranges::count(codes, Errc::denied), 3);
  EXPECT_EQ(login(accounts, "alice", "wrong").error().code, Errc::denied);
}

TEST_F(Logins, ARightPasswordIsRememberedAndAWrongOneIsNot) {
  // With no turn to hash at all, only what is remembered can be right.
  auto pool = std::make_unique<async::BlockingPool>(1, 1000);
  LoginCheck accounts(file_source({account("alice", cheap_hash("a"))}), *pool);
  EXPECT_TRUE(login(accounts, "alice", "a"));
  EXPECT_FALSE(login(accounts, "alice", "b"));
  std::atomic<bool> release{false};
  asio::co_spawn(
      context_, [&]() -> Task<void> { (void)co_await pool->run([&] { release.wait(false); }); },
      [](std::exception_ptr) {});
  EXPECT_TRUE(login(accounts, "alice", "a"));  // while the pool's only thread is busy
  release = true;
  release.notify_all();
  context_.restart();
  context_.run();
  EXPECT_FALSE(login(accounts, "alice", "b"));
}

TEST_F(Logins, UnknownUsersAndPlainOnesCostAHashToo) {
  LoginCheck accounts(file_source({account("plain", "p"), account("alice", cheap_hash("a"))}), pool_,
                      {.hashes_at_once = 0, .waiting = 0, .remembered = 8, .remember_for = Seconds(60)});
  // With no hash allowed, whoever needs one is throttled.
  EXPECT_EQ(login(accounts, "nobody", "x").error().code, Errc::throttled);
  EXPECT_EQ(login(accounts, "plain", "x").error().code, Errc::throttled);
  EXPECT_EQ(login(accounts, "alice", "x").error().code, Errc::throttled);
  EXPECT_TRUE(login(accounts, "plain", "p"));
}

TEST_F(Logins, EveryKindOfAccountIsRefusedAfterTheSameTime) {
  const auto costly = hash_password("a", {.memory = 32 * mib, .passes = 2});
  ASSERT_TRUE(costly);
  const std::string cheap = "$apr1$k2XAnEHB$x21dudHrAHOCZqiw.N3zL1";
  LoginCheck accounts(file_source({account("argon", *costly), account("apache", cheap), account("plain", "p")}), pool_);
  const auto refusal_takes = [&](const std::string& user) {
    const auto begun = SteadyClock::now();
    EXPECT_EQ(login(accounts, user, "wrong").error().code, Errc::denied) << user;
    return SteadyClock::now() - begun;
  };
  // The fastest of some tries: a busy machine only adds to it. Alone, the cheap ones would take a thirtieth.
  auto unknown = refusal_takes("nobody");
  for (int i = 0; i < 4; ++i) unknown = std::min(unknown, refusal_takes("nobody" + std::to_string(i)));
  for (const char* user : {"argon", "apache", "plain", "nobody"}) EXPECT_GE(refusal_takes(user), unknown / 2) << user;
}

TEST_F(Logins, FirstLoginsAtTheSameTimeHashOnce) {
  // With no place in line behind the one that hashes, a second hash would be throttled.
  LoginCheck accounts(file_source({account("alice", cheap_hash("a"))}), pool_,
                      {.hashes_at_once = 1, .waiting = 0, .remember_for = Seconds(0)});
  for (const std::string password : {"a", "wrong"}) {
    int answered = 0;
    for (int i = 0; i < 10; ++i)
      asio::co_spawn(context_, accounts.login({"alice", Secret(password), "192.0.2.1", false}),
                     [&](std::exception_ptr, const Result<Account>& result) {
                       ++answered;
                       EXPECT_EQ(result.has_value(), password == "a");
                       if (!result) EXPECT_EQ(result.error().code, Errc::denied);
                     });
    context_.restart();
    context_.run();
    EXPECT_EQ(answered, 10);
  }
}

TEST_F(Logins, ACertificateTakesThePlaceOfThePasswordOrJoinsIt) {
  Account alice = account("alice", "a");
  alice.certificate = "alice@example.org";
  Account bob = account("bob", "b");
  bob.certificate = "bob";
  bob.certificate_and_password = true;
  Account carol = account("carol", "c");
  Account dave = alice;
  dave.name = "dave";
  dave.allow_from = {"10.0.0.0/8"};
  LoginCheck accounts(file_source({alice, bob, carol, dave}), pool_);
  const auto by_certificate = [&](const std::string& user, std::vector<std::string> names) {
    return test::run_task(context_,
                          accounts.login_by_certificate({user, Secret(), "192.0.2.1", true, std::move(names)}));
  };
  const auto by_both = [&](const std::string& user, const std::string& password, std::vector<std::string> names) {
    return test::run_task(context_, accounts.login({user, Secret(password), "192.0.2.1", true, std::move(names)}))
        .has_value();
  };
  ASSERT_TRUE(by_certificate("alice", {"Alice", "alice@example.org"}));
  EXPECT_EQ(by_certificate("alice", {"alice@example.org"})->name, "alice");
  EXPECT_FALSE(by_certificate("alice", {"bob"}));
  EXPECT_FALSE(by_certificate("alice", {}));
  EXPECT_FALSE(by_certificate("carol", {"", "carol"}));
  EXPECT_FALSE(by_certificate("nobody", {"nobody"}));
  EXPECT_FALSE(by_certificate("dave", {"alice@example.org"})) << "allow_from counts all the same";
  EXPECT_FALSE(by_certificate("bob", {"bob"})) << "the password is needed, too";
  EXPECT_TRUE(by_both("bob", "b", {"bob"}));
  EXPECT_FALSE(by_both("bob", "x", {"bob"}));
  EXPECT_FALSE(by_both("bob", "b", {}));
  EXPECT_FALSE(by_both("bob", "b", {"alice@example.org"}));
  EXPECT_TRUE(by_both("alice", "a", {}));
}

/// One account whose password can be replaced.
class WritableSource : public AccountSource {
 public:
  explicit WritableSource(Account only) : account(std::move(only)) { account.password_replaceable = true; }
  Task<Result<std::optional<Account>>> find(std::string name) override {
    co_return name == account.name ? std::optional(account) : std::nullopt;
  }
  [[nodiscard]] Secret decoy() const override { return account.password; }
  Task<Result<void>> replace_password(std::string name, Secret before, Secret after) override {
    ++replaced;
    if (fails) co_return fail(Errc::unavailable, "replace password");
    EXPECT_EQ(name, account.name);
    EXPECT_EQ(before, account.password);
    account.password = std::move(after);
    co_return Result<void>{};
  }

  Account account;
  int replaced = 0;
  bool fails = false;
};

TEST_F(Logins, WeakHashesAreReplacedAtLogin) {
  const HashCost cost{.memory = mib, .passes = 2};
  for (const std::string& weak : {cheap_hash("secret"), std::string("$apr1$k2XAnEHB$x21dudHrAHOCZqiw.N3zL1"),
                                  std::string("$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0")}) {
    auto source = std::make_shared<WritableSource>(account("alice", weak));
    LoginCheck accounts(source, pool_, {.cost = cost});
    EXPECT_FALSE(login(accounts, "alice", "wrong"));
    EXPECT_EQ(source->replaced, 0);
    EXPECT_TRUE(login(accounts, "alice", "secret"));
    EXPECT_EQ(source->replaced, 1);
    EXPECT_THAT(source->account.password.reveal(), StartsWith("$argon2id$v=19$m=1024,t=2,"));
    EXPECT_TRUE(login(accounts, "alice", "secret"));
    EXPECT_FALSE(login(accounts, "alice", "wrong"));
    EXPECT_EQ(source->replaced, 1);
  }
}

TEST_F(Logins, AHashThatCannotBeReplacedStillLetsIn) {
  auto source = std::make_shared<WritableSource>(account("alice", cheap_hash("secret")));
  source->fails = true;
  LoginCheck accounts(source, pool_, {.cost = {.memory = mib, .passes = 2}});
  EXPECT_TRUE(login(accounts, "alice", "secret"));
  EXPECT_EQ(source->replaced, 1);
  source->account.password_replaceable = false;
  LoginCheck readers(source, pool_, {.cost = {.memory = mib, .passes = 2}});
  EXPECT_TRUE(login(readers, "alice", "secret"));
  EXPECT_EQ(source->replaced, 1);
}

/// Knows one user, and who was asked about.
class Outside : public OutsideCheck {
 public:
  Task<Result<Account>> ask(Login attempt) override {
    asked.push_back(attempt.user);
    if (attempt.user == "broken") co_return fail(Errc::unavailable, "hook");
    if (attempt.user != "guest" || attempt.password.reveal() != "g") co_return fail(Errc::denied, "hook", "refused");
    Account made = account("guest", "");
    made.require_tls = true;
    co_return made;
  }
  std::vector<std::string> asked;
};

TEST_F(Logins, StrangersAreAskedAboutOutside) {
  auto outside = std::make_shared<Outside>();
  LoginCheck accounts(file_source({account("alice", "a")}), pool_, {}, outside);
  EXPECT_TRUE(login(accounts, "alice", "a"));
  EXPECT_FALSE(login(accounts, "alice", "g"));
  EXPECT_THAT(outside->asked, ::testing::IsEmpty()) << "our own users are nobody else's business";
  EXPECT_EQ(login(accounts, "guest", "g", "192.0.2.1", true)->name, "guest");
  EXPECT_EQ(login(accounts, "guest", "g").error().code, Errc::denied) << "the account's rules count";
  EXPECT_EQ(login(accounts, "guest", "x").error().code, Errc::denied);
  EXPECT_EQ(login(accounts, "broken", "g").error().code, Errc::unavailable);
  EXPECT_EQ(outside->asked.size(), 4U);
}

}  // namespace
}  // namespace gantry::accounts
