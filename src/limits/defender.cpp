#include "limits/defender.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/log.hpp"
#include "limits/address_group.hpp"

namespace gantry::limits {
namespace {

/// In this time a score fades from the threshold to nothing. The login throttle lets a patient guesser try once a
/// minute, so a point must live longer than that.
constexpr auto fading_time = std::chrono::minutes(30);
constexpr double points_of_failure = 1;
constexpr double points_of_another_name = 2;
constexpr double points_of_no_ftp = 4;
constexpr double points_of_login = 3;
/// Of a name, so much is remembered.
constexpr std::size_t longest_name = 128;
/// 5 minutes grow to more than a year; ban_time_max ends it earlier.
constexpr unsigned most_doublings = 17;

bool holds(const std::vector<Cidr>& networks, const std::string& address) {
  return std::ranges::any_of(networks, [&](const Cidr& network) { return network.contains(address); });
}

}  // namespace

Defender::Defender(DefenderRules rules) : rules_(std::move(rules)) {}

void Defender::set_rules(DefenderRules rules) {
  const std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
}

bool Defender::allowed(const std::string& address) const { return holds(rules_.allow, address); }

const Ban* Defender::find_ban(const std::string& group) const {
  for (const auto* bans : {&unsaved_, &groups_})
    if (const auto found = bans->find(group); found != bans->end()) return &found->second;
  return nullptr;
}

bool Defender::banned(const boost::asio::ip::address& address, WallTime now) const {
  const Ban* own = find_ban(address_group(address));
  if (own != nullptr && own->end > now) return true;
  const std::string text = address.to_string();
  return std::ranges::any_of(networks_, [&](const auto& one) { return one.second > now && one.first.contains(text); });
}

bool Defender::refuses(const boost::asio::ip::address& address, WallTime now) const {
  const std::lock_guard lock(mutex_);
  const std::string text = address.to_string();
  if (allowed(text)) return false;
  return holds(rules_.deny, text) || banned(address, now);
}

Defender::Score& Defender::faded_score(const std::string& group, WallTime now) {
  Score& score = scores_.touch(group);
  const std::chrono::duration<double> passed = std::max(now - score.last, Milliseconds::zero());
  const double faded = rules_.threshold * (passed / std::chrono::duration<double>(fading_time));
  score.points = std::max(score.points - faded, 0.0);
  score.last = now;
  return score;
}

template <class Price>
bool Defender::offended(const boost::asio::ip::address& address, std::string_view reason, WallTime now, Price price) {
  const std::lock_guard lock(mutex_);
  if (allowed(address.to_string())) return false;
  if (banned(address, now)) return true;
  if (!rules_.enabled) return false;
  const std::string group = address_group(address);
  Score& score = faded_score(group, now);
  score.points += price(score);
  // What faded between the first of a series and the last shall not save a guess.
  if (score.points < rules_.threshold - 0.5) return false;
  scores_.erase(group);
  ban(group, reason, now);
  return true;
}

bool Defender::login_failed(const boost::asio::ip::address& address, std::string_view user, WallTime now) {
  user = user.substr(0, longest_name);
  return offended(address, "failed logins", now, [user](Score& score) {
    const bool another = !score.user.empty() && score.user != user;
    score.user = user;
    return another ? points_of_another_name : points_of_failure;
  });
}

bool Defender::heard_no_ftp(const boost::asio::ip::address& address, WallTime now) {
  return offended(address, "no FTP", now, [](const Score&) { return points_of_no_ftp; });
}

void Defender::ban(const std::string& group, std::string_view reason, WallTime now) {
  Ban next{.network = group, .since = now, .reason = std::string(reason)};
  const Ban* before = find_ban(group);
  if (before != nullptr && before->end + rules_.ban_time_max >= now) next.times = before->times + 1;
  const auto doublings = std::min(next.times - 1, most_doublings);
  const auto duration = std::min(rules_.ban_time * (std::int64_t{1} << doublings), rules_.ban_time_max);
  next.end = now + duration;
  log::warning("banned", {{"network", group},
                          {"reason", next.reason},
                          {"seconds", std::chrono::duration_cast<Seconds>(next.end - now).count()},
                          {"times", next.times}});
  // The book is slow or away and somebody owns a thousand networks: forget the ban that ends first.
  if (unsaved_.size() >= BanBook::max_bans)
    unsaved_.erase(std::ranges::min_element(unsaved_, {}, [](const auto& one) { return one.second.end; }));
  unsaved_.insert_or_assign(group, std::move(next));
}

void Defender::succeeded(const boost::asio::ip::address& address, WallTime now) {
  const std::lock_guard lock(mutex_);
  const std::string group = address_group(address);
  if (scores_.find(group) == nullptr) return;
  Score& score = faded_score(group, now);
  score.points -= points_of_login;
  if (score.points <= 0) scores_.erase(group);
}

std::vector<Ban> Defender::unsaved() const {
  const std::lock_guard lock(mutex_);
  std::vector<Ban> all;
  for (const auto& [group, ban] : unsaved_) all.push_back(ban);
  return all;
}

void Defender::learn(std::vector<Ban> book, const std::vector<Ban>& saved) {
  const std::lock_guard lock(mutex_);
  for (const Ban& ban : saved) {
    const auto found = unsaved_.find(ban.network);
    if (found != unsaved_.end() && found->second.since == ban.since) unsaved_.erase(found);
  }
  groups_.clear();
  networks_.clear();
  for (Ban& ban : book) {
    const auto network = Cidr::parse(ban.network);
    if (!network) continue;
    if (ban.network.contains('/') && !ban.network.ends_with("/64")) networks_.emplace_back(*network, ban.end);
    std::string group = ban.network;
    groups_.insert_or_assign(std::move(group), std::move(ban));
  }
}

WallTime Defender::horizon(WallTime now) const {
  const std::lock_guard lock(mutex_);
  return now - rules_.ban_time_max;
}

}  // namespace gantry::limits
