#include "server/wire.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "accounts/file_account_source.hpp"
#include "accounts/login_check.hpp"
#include "accounts/sql_account_source.hpp"
#include "config/user_text.hpp"
#include "server/login_hook.hpp"
#include "vfs/sql_digest_book.hpp"
#include "vfs/sql_rename_plans.hpp"
#include "vfs/sql_upload_ledger.hpp"

namespace gantry::server {
namespace {

accounts::Permissions permissions_of(const std::string& letters) {
  return accounts::Permissions::parse(letters).value_or(accounts::Permissions{});
}

accounts::Account to_account(const config::User& user) {
  auto place = [&](const config::Mount& mount) {
    std::string prefix = mount.prefix;
    for (std::size_t at = prefix.find("%u"); at != std::string::npos; at = prefix.find("%u", at + user.name.size()))
      prefix.replace(at, 2, user.name);
    return accounts::Place{mount.store, std::move(prefix)};
  };
  accounts::Account account;
  account.name = user.name;
  account.password = user.password;
  account.home = place(user.home);
  for (const auto& [path, mount] : user.mounts) account.mounts.emplace(path, place(mount));
  account.permissions = permissions_of(user.permissions);
  for (const auto& [path, letters] : user.directory_permissions)
    account.directory_permissions.emplace(path, permissions_of(letters));
  account.delete_enable = user.delete_enable;
  account.deny = user.deny;
  account.hide = user.hide;
  account.quota_bytes = user.quota_bytes;
  account.quota_files = user.quota_files;
  account.max_upload = user.max_upload;
  account.max_download = user.max_download;
  account.max_session_upload = user.max_session_upload;
  account.max_session_download = user.max_session_download;
  account.max_sessions = user.max_sessions;
  account.administrator = user.administrator;
  account.allow_from = user.allow_from;
  account.require_tls = user.require_tls;
  account.disabled = user.disabled;
  account.certificate = user.certificate;
  account.certificate_and_password = user.certificate_and_password;
  return account;
}

/// Strangers read, and leave what nobody but the operator sees again.
accounts::Account to_account(const config::Anonymous& settings) {
  config::User guest;
  guest.name = "anonymous";
  guest.home = settings.home;
  guest.permissions = settings.permissions;
  if (!settings.drop_box.empty()) guest.directory_permissions.emplace(settings.drop_box, "ew");
  guest.delete_enable = false;
  guest.deny = settings.deny;
  guest.hide = settings.hide;
  guest.quota_bytes = settings.quota_bytes;
  guest.quota_files = settings.quota_files;
  guest.max_upload = settings.max_upload;
  guest.max_download = settings.max_download;
  guest.max_sessions = settings.max_sessions;
  accounts::Account account = to_account(guest);
  account.drop_box = settings.drop_box;
  account.anonymous = true;
  return account;
}

/// An account that cannot be read wholly lets nobody in: what is missing may be a restriction.
Result<accounts::Account> account_of_record(const accounts::UserRecord& record) {
  auto user = config::read_user({record.name, record.password, record.settings});
  if (!user) return fail(Errc::invalid, "read user of the state database", config::format(user.error().front()));
  return to_account(*user);
}

/// Who else is asked: an answer is read like a user of the state database.
std::shared_ptr<accounts::OutsideCheck> make_hook(const config::Config& config, async::BlockingPool& pool) {
  if (!config.login_hook.enabled()) return nullptr;
  config::Config surroundings = config;
  surroundings.users.clear();
  auto read = [surroundings = std::move(surroundings)](
                  const std::string& name,
                  const std::map<std::string, std::string>& settings) -> Result<accounts::Account> {
    auto checked = config::read_user({name, Secret("the hook's business"), settings}, surroundings);
    if (!checked) return fail(Errc::invalid, "read account", config::format(checked.error().front()));
    return to_account(checked->user);
  };
  return std::make_shared<LoginHook>(config.login_hook, pool, std::move(read));
}

tls::ClientCertificates clients_of(config::ClientCertificates clients) {
  switch (clients) {
    case config::ClientCertificates::off:
      return tls::ClientCertificates::off;
    case config::ClientCertificates::accept:
      return tls::ClientCertificates::accept;
    case config::ClientCertificates::require:
      return tls::ClientCertificates::require;
  }
  return tls::ClientCertificates::require;
}

std::shared_ptr<accounts::AccountSource> make_account_source(const config::Config& config, Shared& shared) {
  std::vector<accounts::Account> all;
  for (const config::User& user : config.users) all.push_back(to_account(user));
  std::optional<accounts::Account> anonymous;
  if (config.anonymous.enabled) anonymous = to_account(config.anonymous);
  auto source = std::make_shared<accounts::FileAccountSource>(std::move(all), std::move(anonymous));
  if (shared.users)
    return std::make_shared<accounts::LayeredAccountSource>(
        std::move(source),
        std::make_shared<accounts::SqlAccountSource>(shared.users, account_of_record, hash_cost(config)));
  return source;
}

}  // namespace

Result<void> open_state(const config::Config& config, Shared& shared) {
  const auto is_bucket = [](const config::Store& store) {
    return store.type == config::StoreType::s3 || store.type == config::StoreType::cos;
  };
  if (config.server.state == "sqlite::memory:") return {};  // nothing is kept, and nobody else could write to it
  auto database = state::Database::open({.location = config.server.state}, shared.blocking);
  if (!database)
    return fail(
        database.error().code, "server.state",
        database.error().detail + "; the database must be a file that can be written, or a server that answers");
  shared.users = std::make_shared<accounts::UserRecords>(*database);
  shared.bans = limits::make_sql_ban_book(*database);
  shared.quotas = std::make_shared<vfs::QuotaBook>(*database);
  // Disks keep interrupted uploads beside the files and rename in one step.
  if (!std::ranges::any_of(config.stores, is_bucket)) return {};
  shared.ledger = vfs::make_sql_upload_ledger(*database);
  shared.renames = vfs::make_sql_rename_plans(*database);
  shared.digest_book = vfs::make_sql_digest_book(std::move(*database));
  return {};
}

bool has_state(const config::Config& config) {
  static constexpr std::string_view sqlite = "sqlite:";
  const std::string& location = config.server.state;
  std::error_code ignored;
  return !location.starts_with(sqlite) || std::filesystem::exists(location.substr(sqlite.size()), ignored);
}

accounts::HashCost hash_cost(const config::Config& config) {
  return {config.passwords.memory, config.passwords.passes};
}

void make_accounts(Generation& generation, Shared& shared) {
  const config::Config& config = *generation.config;
  generation.users = make_account_source(config, shared);
  const accounts::LoginOptions options{.remember_for = config.passwords.remember, .cost = hash_cost(config)};
  generation.accounts = std::make_shared<accounts::LoginCheck>(generation.users, shared.blocking, options,
                                                               make_hook(config, shared.blocking));
}

Result<std::shared_ptr<const tls::ServerContext>> make_tls(const config::Config& config,
                                                           const tls::ServerContext* previous) {
  if (config.tls.certificate.empty()) return nullptr;
  return tls::ServerContext::create({.certificate = config.tls.certificate,
                                     .key = config.tls.key,
                                     .clients = clients_of(config.tls.client_certificates),
                                     .client_ca = config.tls.client_ca},
                                    previous);
}

}  // namespace gantry::server
