#include "server/store_states.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace gantry::server {
namespace {

config::Store store(const std::string& name, const std::string& bucket, const std::string& token) {
  config::Store made;
  made.name = name;
  made.type = config::StoreType::cos;
  made.bucket = bucket;
  made.region = "ap-guangzhou";
  made.access_key = "AK";
  made.secret_key = Secret("hidden-secret");
  made.session_token = Secret(token);
  return made;
}

std::string token_of(object::SharedStoreState& state) {
  return state.credentials().current().keys->session_token.reveal();
}

TEST(StoreStates, keep_their_keys_until_they_are_renewed) {
  StoreStates states;
  auto state = states.of(store("main", "b-1", "one"));
  EXPECT_EQ(states.of(store("main", "b-1", "of an older configuration")), state);
  EXPECT_EQ(token_of(*state), "one");
  auto elsewhere = store("main", "b-1", "one");
  elsewhere.endpoint = "https://cos.example.com";
  EXPECT_NE(states.of(elsewhere), state);

  config::Config config;
  config.stores = {store("main", "b-1", "two"), store("fresh", "b-3", "x"), store("other", "b-2", "y")};
  testing::internal::CaptureStderr();
  states.renew_credentials(config);
  states.renew_credentials(config);
  log::flush();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(token_of(*state), "two");
  EXPECT_EQ(token_of(*states.of(elsewhere)), "one") << "another place, though of the same name";
  EXPECT_EQ(log.find("credentials replaced"), log.rfind("credentials replaced")) << log;
  EXPECT_TRUE(log.contains("store=main")) << log;
  EXPECT_FALSE(log.contains("hidden-secret") || log.contains("two")) << log;
}

TEST(StoreStates, stores_of_one_bucket_share_its_gate) {
  StoreStates states;
  auto first = states.of(store("first", "b-1", ""));
  auto second = states.of(store("second", "b-1", ""));
  auto other = states.of(store("other", "b-2", ""));
  EXPECT_NE(first, second);
  ASSERT_TRUE(first->gate().try_enter());
  first->gate().slow_down();
  EXPECT_LT(second->gate().concurrency(), object::BucketGate::max_concurrency);
  EXPECT_EQ(other->gate().concurrency(), object::BucketGate::max_concurrency);
}

TEST(StoreStates, hand_the_source_to_stores_old_and_new) {
  StoreStates states;
  int asked = 0;
  auto before = states.of(store("before", "b-1", ""));
  states.set_credentials_source([&] { ++asked; });
  auto behind = states.of(store("behind", "b-1", ""));
  before->credentials().ask_for_newer();
  behind->credentials().ask_for_newer();
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(before->credentials().looking() && behind->credentials().looking());
  states.looked_for_credentials();
  EXPECT_FALSE(before->credentials().looking() || behind->credentials().looking());
}

}  // namespace
}  // namespace gantry::server
