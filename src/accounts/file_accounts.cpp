#include "accounts/file_accounts.hpp"

#include <algorithm>
#include <utility>

#include "accounts/password.hpp"
#include "base/text.hpp"

namespace gantry::accounts {
namespace {

/// The costliest kind among the stored passwords, so that an unknown user takes as long as a known one.
Secret choose_decoy(const std::vector<Account>& accounts) {
  Secret decoy("no account has this password");
  for (const Account& account : accounts) {
    if (account.password.reveal().starts_with("$argon2")) return account.password;
    if (is_hash(account.password.reveal())) decoy = account.password;
  }
  return decoy;
}

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

}  // namespace

FileAccounts::FileAccounts(std::vector<Account> accounts, std::optional<Account> anonymous, async::BlockingPool& pool,
                           LoginBounds bounds)
    : pool_(pool),
      bounds_(bounds),
      decoy_(choose_decoy(accounts)),
      cache_(bounds.remembered, bounds.remember_for),
      turns_(async::ByteBudget::create(bounds.hashes_at_once)) {
  for (Account& account : accounts) {
    std::string name = account.name;
    accounts_.emplace(std::move(name), prepare(std::move(account)));
  }
  if (anonymous) {
    anonymous->anonymous = true;
    anonymous_ = prepare(*std::move(anonymous));
  }
}

FileAccounts::Known FileAccounts::prepare(Account account) {
  Known known{std::move(account), {}};
  for (const std::string& text : known.account.allow_from)
    if (auto network = Cidr::parse(text)) known.networks.push_back(*network);
  return known;
}

const FileAccounts::Known* FileAccounts::find(const std::string& name) const {
  const auto found = accounts_.find(name);
  return found == accounts_.end() ? nullptr : &found->second;
}

bool FileAccounts::is_anonymous(const std::string& name) const {
  return anonymous_ && (equal_ignoring_case(name, "anonymous") || equal_ignoring_case(name, "ftp"));
}

Task<Result<Account>> FileAccounts::login(Login attempt) {
  const Known* known = find(attempt.user);
  if (known == nullptr && is_anonymous(attempt.user)) {
    auto account = apply_rules(*anonymous_, attempt);
    if (account) account->name = attempt.user;
    co_return account;
  }
  const auto right = co_await matches(known, attempt);
  if (!right) co_return fail(right.error());
  if (known == nullptr) co_return fail(Errc::denied, "login", "no such user");
  if (!*right) co_return fail(Errc::denied, "login", "wrong password");
  co_return apply_rules(*known, attempt);
}

Result<Account> FileAccounts::apply_rules(const Known& known, const Login& attempt) {
  const auto holds_peer = [&](const Cidr& network) { return network.contains(attempt.peer_address); };
  if (!known.account.allow_from.empty() && std::ranges::none_of(known.networks, holds_peer))
    return fail(Errc::denied, "login", "the address is not in allow_from");
  if (known.account.require_tls && !attempt.encrypted) return fail(Errc::denied, "login", "the user requires TLS");
  return known.account;
}

Task<Result<bool>> FileAccounts::matches(const Known* known, const Login& attempt) {
  const Secret& stored = known != nullptr ? known->account.password : decoy_;
  const bool decoy_costs = is_hash(decoy_.reveal());
  if (!is_hash(stored.reveal())) {
    if (verify(stored, attempt.password)) co_return true;
    // Among hashes, a quick refusal would tell that the name exists and its password is plain text.
    if (!decoy_costs) co_return false;
    const auto ignored = co_await hash_and_compare(decoy_, attempt.password);
    if (!ignored) co_return fail(ignored.error());
    co_return false;
  }
  if (known != nullptr && cache_.knows(attempt.user, attempt.password, SteadyClock::now())) co_return true;
  auto right = co_await hash_and_compare(stored, attempt.password);
  if (known != nullptr && right && *right) cache_.remember(attempt.user, attempt.password, SteadyClock::now());
  co_return right;
}

Task<Result<bool>> FileAccounts::hash_and_compare(Secret stored, Secret given) {
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
