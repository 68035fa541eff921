#include "server/store_states.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace gantry::server {
namespace {

std::string place_of(const config::Store& store) {
  return fmt::format("{}\n{}\n{}", store.bucket, store.region, store.endpoint);
}

std::string identity_of(const config::Store& store) { return store.name + '\n' + place_of(store); }

object::Credentials keys_of(const config::Store& store) {
  return {store.access_key, store.secret_key, store.session_token};
}

}  // namespace

std::shared_ptr<object::SharedStoreState> StoreStates::of(const config::Store& store) {
  std::lock_guard lock(mutex_);
  auto& state = states_[identity_of(store)];
  if (!state) {
    auto& gate = gates_[place_of(store)];
    if (!gate) gate = std::make_shared<object::BucketGate>();
    state = std::make_shared<object::SharedStoreState>(gate);
    state->credentials().start_with(keys_of(store));
    state->credentials().set_source(ask_);
  }
  return state;
}

void StoreStates::renew_credentials(const config::Config& config) {
  std::lock_guard lock(mutex_);
  for (const config::Store& store : config.stores) {
    auto found = states_.find(identity_of(store));
    if (found == states_.end() || !found->second->credentials().replace(keys_of(store))) continue;
    log::info("credentials replaced", {{"store", store.name}});
  }
}

void StoreStates::set_credentials_source(std::function<void()> ask) {
  std::lock_guard lock(mutex_);
  ask_ = std::move(ask);
  for (auto& [name, state] : states_) state->credentials().set_source(ask_);
}

void StoreStates::looked_for_credentials() {
  std::lock_guard lock(mutex_);
  for (auto& [name, state] : states_) state->credentials().looked();
}

}  // namespace gantry::server
