#include "accounts/login_check.hpp"

#include <algorithm>
#include <utility>

#include "accounts/password.hpp"
#include "base/cidr.hpp"

namespace gantry::accounts {
namespace {

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

Result<Account> apply_rules(Account account, const Login& attempt) {
  const auto holds_peer = [&](const std::string& text) {
    const auto network = Cidr::parse(text);
    return network && network->contains(attempt.peer_address);
  };
  if (account.disabled) return fail(Errc::denied, "login", "the user is disabled");
  if (!account.allow_from.empty() && std::ranges::none_of(account.allow_from, holds_peer))
    return fail(Errc::denied, "login", "the address is not in allow_from");
  if (account.require_tls && !attempt.encrypted) return fail(Errc::denied, "login", "the user requires TLS");
  return account;
}

}  // namespace

LoginCheck::LoginCheck(std::shared_ptr<AccountSource> source, async::BlockingPool& pool, LoginBounds bounds)
    : source_(std::move(source)),
      pool_(pool),
      bounds_(bounds),
      cache_(bounds.remembered, bounds.remember_for),
      turns_(async::ByteBudget::create(bounds.hashes_at_once)) {}

Task<Result<Account>> LoginCheck::login(Login attempt) {
  auto known = co_await source_->find(attempt.user);
  if (!known) co_return fail(std::move(known.error()));
  if (*known && (*known)->anonymous) co_return apply_rules(std::move(**known), attempt);
  const auto right = co_await matches(*known, attempt);
  if (!right) co_return fail(right.error());
  if (!*known) co_return fail(Errc::denied, "login", "no such user");
  if (!*right) co_return fail(Errc::denied, "login", "wrong password");
  co_return apply_rules(std::move(**known), attempt);
}

Task<Result<bool>> LoginCheck::matches(const std::optional<Account>& known, const Login& attempt) {
  const Secret decoy = source_->decoy();
  const Secret& stored = known ? known->password : decoy;
  const bool decoy_costs = is_hash(decoy.reveal());
  if (!is_hash(stored.reveal())) {
    if (verify(stored, attempt.password)) co_return true;
    // Among hashes, a quick refusal would tell that the name exists and its password is plain text.
    if (!decoy_costs) co_return false;
    const auto ignored = co_await hash_and_compare(decoy, attempt.password);
    if (!ignored) co_return fail(ignored.error());
    co_return false;
  }
  if (known && cache_.knows(attempt.user, stored, attempt.password, SteadyClock::now())) co_return true;
  auto right = co_await hash_and_compare(stored, attempt.password);
  if (known && right && *right) cache_.remember(attempt.user, stored, attempt.password, SteadyClock::now());
  co_return right;
}

Task<Result<bool>> LoginCheck::hash_and_compare(Secret stored, Secret given) {
  const InLine place(in_line_);
  if (place.before() >= bounds_.hashes_at_once + bounds_.waiting)
    co_return fail(Errc::throttled, "login", "too many password checks wait");
  const async::Lease turn = co_await turns_->acquire(1);
  if (turn.bytes() == 0) co_return fail(Errc::cancelled, "login");
  // A text verify() refuses at once would answer faster than others do.
  const bool acceptable = given.reveal().size() <= longest_password && !given.reveal().contains('\0');
  const Secret checked = acceptable ? given : Secret("x");
  auto right = co_await pool_.run([&] { return verify(stored, checked); });
  if (!right && right.error().code == Errc::unavailable) right.error().code = Errc::throttled;
  if (right) *right = *right && acceptable;
  co_return right;
}

}  // namespace gantry::accounts
