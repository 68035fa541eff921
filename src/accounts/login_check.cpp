#include "accounts/login_check.hpp"

#include <algorithm>
#include <utility>

#include "async/event.hpp"
#include "base/cidr.hpp"
#include "base/log.hpp"
#include "base/password_hash.hpp"

namespace gantry::accounts {
namespace {

/// One check on a machine that was busy must not slow down all refusals to come.
constexpr SteadyClock::duration longest_pause = std::chrono::seconds(1);

/// Counts one check in line for as long as it lives.
class InLine {
 public:
  explicit InLine(std::atomic<std::size_t>& count) : count_(count), before_(count.fetch_add(1)) {}
  InLine(const InLine&) = delete;
  InLine& operator=(const InLine&) = delete;
  ~InLine() { count_.fetch_sub(1); }
  [[nodiscard]] std::size_t before() const { return before_; }

 private:
  std::atomic<std::size_t>& count_;
  std::size_t before_;
};

/// Whether the client's certificate is the account's.
bool shows_certificate(const Account& account, const Login& attempt) {
  return !account.certificate.empty() && std::ranges::count(attempt.certificate_names, account.certificate) > 0;
}

Result<Account> apply_rules(Account account, const Login& attempt) {
  const auto holds_peer = [&](const std::string& text) {
    const auto network = Cidr::parse(text);
    return network && network->contains(attempt.peer_address);
  };
  if (account.disabled) return fail(Errc::denied, "login", "the user is disabled");
  if (!account.allow_from.empty() && std::ranges::none_of(account.allow_from, holds_peer))
    return fail(Errc::denied, "login", "the address is not in allow_from");
  if (account.require_tls && !attempt.encrypted) return fail(Errc::denied, "login", "the user requires TLS");
  if (account.certificate_and_password && !shows_certificate(account, attempt))
    return fail(Errc::denied, "login", "the user's client certificate is missing");
  return account;
}

/// Raises `slowest` to `spent`; the value from now on, as far as others are to wait for it.
SteadyClock::duration note_duration(std::atomic<SteadyClock::duration>& slowest, SteadyClock::duration spent) {
  auto before = slowest.load();
  while (before < spent && !slowest.compare_exchange_weak(before, spent)) {
  }
  return std::min(std::max(before, spent), longest_pause);
}

}  // namespace

LoginCheck::LoginCheck(std::shared_ptr<AccountSource> source, async::BlockingPool& pool, LoginOptions options,
                       std::shared_ptr<OutsideCheck> outside)
    : source_(std::move(source)),
      pool_(pool),
      options_(options),
      outside_(std::move(outside)),
      cache_(options.remembered, options.remember_for),
      turns_(async::ByteBudget::create(options.hashes_at_once)) {}

Task<Result<Account>> LoginCheck::login(Login attempt) {
  auto known = co_await source_->find(attempt.user);
  if (!known) co_return fail(std::move(known.error()));
  if (*known && (*known)->anonymous) co_return apply_rules(std::move(**known), attempt);
  if (!*known && outside_) {
    auto account = co_await outside_->ask(attempt);
    if (!account) co_return account;
    co_return apply_rules(std::move(*account), attempt);
  }
  const auto right = co_await matches(*known, attempt);
  if (!right) co_return fail(right.error());
  if (!*known) co_return fail(Errc::denied, "login", "no such user");
  if (!*right) co_return fail(Errc::denied, "login", "wrong password");
  co_return apply_rules(std::move(**known), attempt);
}

Task<std::optional<Account>> LoginCheck::login_by_certificate(Login attempt) {
  if (attempt.certificate_names.empty()) co_return std::nullopt;
  auto known = co_await source_->find(attempt.user);
  if (!known || !*known || (*known)->certificate_and_password || !shows_certificate(**known, attempt))
    co_return std::nullopt;
  auto account = apply_rules(std::move(**known), attempt);
  if (!account) co_return std::nullopt;
  co_return std::move(*account);
}

Task<Result<bool>> LoginCheck::matches(const std::optional<Account>& known, const Login& attempt) {
  const Secret decoy = source_->decoy();
  const Secret stored = known ? known->password : decoy;
  if (!is_hash(stored.reveal())) {
    if (verify(stored, attempt.password)) co_return true;
    if (!is_hash(decoy.reveal())) co_return false;
  }
  const auto comparison = cache_.digest(attempt.user, stored, attempt.password);
  if (known && cache_.knows(comparison, SteadyClock::now())) co_return true;
  const auto flight = join(comparison);
  const async::Lease turn = co_await flight->turn->acquire(1);
  if (turn.bytes() == 0) co_return fail(Errc::cancelled, "login");
  if (flight->outcome) co_return *flight->outcome;
  auto right = co_await hash_and_compare(stored, decoy, attempt.password);
  if (right) flight->outcome = *right;
  if (known && right && *right) {
    cache_.remember(comparison, SteadyClock::now());
    co_await strengthen(*known, attempt.password);
  }
  co_return right;
}

std::shared_ptr<LoginCheck::Flight> LoginCheck::join(const LoginCache::Digest& comparison) {
  const std::lock_guard lock(mutex_);
  std::erase_if(flights_, [](const auto& flight) { return flight.second.expired(); });
  auto& entry = flights_[comparison];
  auto flight = entry.lock();
  if (!flight) entry = flight = std::make_shared<Flight>();
  return flight;
}

Task<Result<bool>> LoginCheck::hash_and_compare(Secret stored, Secret decoy, Secret given) {
  // A text verify() refuses at once would answer faster than others do.
  const bool acceptable = given.reveal().size() <= longest_password && !given.reveal().contains('\0');
  const Secret checked = acceptable ? given : Secret("x");
  // A cheaper scheme than the decoy's would tell by its quick refusal that the name exists.
  const bool decoy_too = password_scheme(stored.reveal()) != password_scheme(decoy.reveal());
  auto spent = SteadyClock::duration::zero();
  const auto check = [&] {
    const auto begun = SteadyClock::now();
    const bool right = verify(stored, checked) && acceptable;
    if (!right && decoy_too) static_cast<void>(verify(decoy, checked));
    spent = SteadyClock::now() - begun;
    return right;
  };
  Result<bool> right;
  {
    const InLine place(in_line_);
    if (place.before() >= options_.hashes_at_once + options_.waiting)
      co_return fail(Errc::throttled, "login", "too many password checks wait");
    const async::Lease turn = co_await turns_->acquire(1);
    if (turn.bytes() == 0) co_return fail(Errc::cancelled, "login");
    right = co_await pool_.run(check);
  }
  if (!right && right.error().code == Errc::unavailable) right.error().code = Errc::throttled;
  if (right && !*right) {
    const auto slowest = note_duration(slowest_, spent);
    if (slowest > spent && !co_await async::sleep_for(slowest - spent)) co_return fail(Errc::cancelled, "login");
  }
  co_return right;
}

/// The password is at hand only now. What goes wrong costs nobody the login.
Task<void> LoginCheck::strengthen(const Account& account, const Secret& password) {
  if (!account.password_replaceable || !is_weaker(account.password.reveal(), options_.cost)) co_return;
  const async::Lease turn = co_await turns_->acquire(1);
  if (turn.bytes() == 0) co_return;
  Result<void> replaced;
  auto hash = co_await async::run_blocking(pool_, [&] { return hash_password(password.reveal(), options_.cost); });
  if (hash) {
    const Secret made(std::move(*hash));
    replaced = co_await source_->replace_password(account.name, account.password, made);
    if (replaced) cache_.remember(cache_.digest(account.name, made, password), SteadyClock::now());
  } else {
    replaced = fail(std::move(hash.error()));
  }
  if (replaced)
    log::info("password hash replaced", {{"user", account.name}});
  else
    log::warning("password hash not replaced", {{"user", account.name}, {"reason", replaced.error().text()}});
}

}  // namespace gantry::accounts
