#include "limits/speed_book.hpp"

#include <algorithm>

namespace gantry::limits {
namespace {

/// So many users are kept without looking which of them have gone.
constexpr std::size_t few = 64;

}  // namespace

void SpeedBook::Pair::set(Rates rates) {
  const auto now = std::chrono::steady_clock::now();
  upload.set_rate(rates.upload, now);
  download.set_rate(rates.download, now);
}

SpeedBook::SpeedBook(Rates server) : server_(std::make_shared<Pair>(server)), look_at_(few) {}

SpeedLimits SpeedBook::begin(const std::string& user, UserRates rates) {
  const std::lock_guard lock(mutex_);
  forget_the_gone();
  User& entry = users_[user];
  apply(entry, rates);
  auto together = entry.together.lock();
  if (!together) entry.together = together = std::make_shared<Pair>(rates.together);
  auto session = std::make_shared<Pair>(rates.session);
  entry.sessions.emplace_back(session);
  SpeedLimits limits;
  for (const auto& pair : {session, together, server_}) {
    limits.upload.emplace_back(pair, &pair->upload);
    limits.download.emplace_back(pair, &pair->download);
  }
  return limits;
}

void SpeedBook::apply(User& user, UserRates rates) {
  std::erase_if(user.sessions, [](const auto& session) { return session.expired(); });
  if (auto together = user.together.lock()) together->set(rates.together);
  for (const auto& one : user.sessions)
    if (auto session = one.lock()) session->set(rates.session);
}

void SpeedBook::forget_the_gone() {
  if (users_.size() < look_at_) return;
  std::erase_if(users_, [](const auto& entry) { return entry.second.together.expired(); });
  look_at_ = std::max(few, 2 * users_.size());
}

std::vector<std::string> SpeedBook::users() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, user] : users_)
    if (!user.together.expired()) names.push_back(name);
  return names;
}

void SpeedBook::change(const std::string& user, UserRates rates) {
  const std::lock_guard lock(mutex_);
  if (const auto found = users_.find(user); found != users_.end()) apply(found->second, rates);
}

void SpeedBook::change_server(Rates rates) { server_->set(rates); }

}  // namespace gantry::limits
