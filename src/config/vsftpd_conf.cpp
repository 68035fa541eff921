#include "config/vsftpd_conf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/ini.hpp"
#include "config/text_values.hpp"
#include "config/vsftpd_values.hpp"

namespace gantry::config {
namespace {

constexpr std::string_view account_section = "COS_ACCOUNT";
constexpr std::string_view ftp_section = "FTP_ACCOUNT";
constexpr std::array<std::string_view, 5> plain_sections{ftp_section, "NETWORK", "FILE_OPTION", "OPTIONAL", "TLS"};
/// The tool's own limit of a file unless it is set.
constexpr std::uint64_t default_file_limit = 200 * gib;

/// A key of the old file and the setting it becomes. Without a setting it is read elsewhere or not needed at all.
struct Row {
  std::string_view section;
  std::string_view key;
  std::string_view table{};
  std::string_view name{};
  ReadValue read = nullptr;
  std::string_view not_needed{};
};

constexpr std::string_view home_note =
    "is not needed: the bucket is the user's root, and several users may share one bucket";

constexpr auto rows = std::to_array<Row>({
    {account_section, "cos_secretid", "store", "access_key", read_credential},
    {account_section, "cos_secretkey", "store", "secret_key", read_credential},
    {account_section, "cos_token", "store", "session_token", read_credential},
    {account_section, "cos_bucket", "store", "bucket", read_bucket},
    {account_section, "cos_region"},
    {account_section, "cos_protocol", "store", "protocol", read_word},
    {account_section, "cos_endpoint"},
    {account_section, "cos_prefix"},
    {account_section, "cos_user_home_dir", {}, {}, nullptr, home_note},
    {account_section, "home_dir", {}, {}, nullptr, home_note},
    {account_section, "ftp_login_user_name", "user", "name", read_plain},
    {account_section, "ftp_login_user_password", "user", "password", read_plain},
    {account_section, "authority", "user", "permissions", read_authority},
    {account_section, "delete_enable", "user", "delete_enable", read_flag},
    {account_section, "quota_bytes", "user", "quota_bytes", read_bytes},
    {account_section, "max_upload", "user", "max_upload", read_bytes},
    {account_section, "max_download", "user", "max_download", read_bytes},
    {ftp_section, "login_users"},
    {"NETWORK", "masquerade_address", "server", "masquerade_address", read_masquerade},
    {"NETWORK", "listen_port", "server", "listen", read_listen_port},
    {"NETWORK", "passive_port", "server", "passive_ports", read_passive_port},
    {"FILE_OPTION", "single_file_max_size", "transfer", "max_file_size", read_bytes},
    {"OPTIONAL", "min_part_size", "transfer", "part_size", read_part_size},
    {"OPTIONAL", "upload_thread_num", "transfer", "parts_in_flight", read_threads},
    {"OPTIONAL", "max_connection_num", "server", "max_sessions", read_count},
    {"OPTIONAL", "max_list_file", "server", "max_list_entries", read_count},
    {"OPTIONAL", "log_level", "log", "level", read_log_level},
    {"OPTIONAL", "log_dir", "log", "directory", read_plain},
    {"OPTIONAL", "log_rotate_when", "log", "rotate", read_log_rotate_when},
    {"OPTIONAL", "log_rotate_enabled"},
    {"OPTIONAL", "log_backup_count", "log", "keep_files", read_count},
    {"OPTIONAL", "interrupted_upload", "transfer", "interrupted_upload", read_word},
    {"OPTIONAL",
     "config_check_enable",
     {},
     {},
     nullptr,
     "is no longer needed: buffers come out of a bounded memory_budget, whatever the part size"},
    {"TLS", "certificate", "tls", "certificate", read_plain},
    {"TLS", "key", "tls", "key", read_plain},
    {"TLS", "required", "tls", "required", read_flag},
});

const Setting& setting_of(const Row& row) {
  const auto all = settings_of(row.table);
  return *std::ranges::find(all, row.name, &Setting::name);
}

bool is_account(std::string_view section) { return section.starts_with(account_section); }

const Row* find_row(std::string_view section, std::string_view key) {
  const std::string_view kind = is_account(section) ? account_section : section;
  const auto found = std::ranges::find_if(rows, [&](const Row& row) { return row.section == kind && row.key == key; });
  return found == rows.end() ? nullptr : &*found;
}

/// A name and what it holds, for messages: COS_ACCOUNT_0.cos_bucket.
std::string label(const IniSection& section, std::string_view key) {
  return fmt::format("{}.{}", escape_control(section.name), escape_control(key));
}

/// A bucket and the users that it is the root of.
struct Account {
  const IniSection* section = nullptr;
  Store store{};
  std::vector<User> users{};
  bool failed = false;
};

class Reader {
 public:
  Reader(Loaded& loaded, Report& report) : loaded_(loaded), config_(loaded.config), report_(report) {}
  bool read(const std::vector<IniSection>& sections);

 private:
  void read_single(const IniSection& section);
  void read_log_rotation(const IniSection& section, const IniEntry& enabled);
  Account read_account(const IniSection& section);
  void read_account_entry(Account& account, User& user, const IniEntry& entry);
  void read_endpoint(Account& account);
  void require(Account& account, std::initializer_list<std::string_view> keys);
  Mount home_of(Account& account);
  std::vector<User> read_login_users(const Account& account);
  std::optional<User> read_login_user(std::string_view text, const IniEntry& entry);
  void add(Account account);
  std::size_t add_store(const Account& account);
  void locate(const Spot& spot, const IniSection& section, const IniEntry* entry);

  void unknown(const IniSection& section, const IniEntry& entry);
  void error(Account& account, std::string_view key, std::string message);
  bool apply(const Row& row, Section target, const IniSection& section, const IniEntry& entry);
  void warn_of_cut_secret(const Row& row, const IniSection& section, const IniEntry& entry);

  Loaded& loaded_;
  Config& config_;
  Report& report_;
  const IniSection* ftp_account_ = nullptr;
  bool ftp_account_used_ = false;
  std::vector<std::string_view> noted_;
};

bool Reader::read(const std::vector<IniSection>& sections) {
  config_.transfer.max_file_size = default_file_limit;
  for (const IniSection& section : sections)
    if (section.name == ftp_section) ftp_account_ = &section;
  bool accounts = false;
  for (const IniSection& section : sections) {
    if (is_account(section.name)) {
      accounts = true;
      add(read_account(section));
    } else if (std::ranges::find(plain_sections, section.name) != plain_sections.end()) {
      read_single(section);
    } else {
      const std::string near = nearest(section.name, {plain_sections.begin(), plain_sections.end()});
      report_.warning_at(section.position, escape_control(section.name),
                         "there is no such section; it is left out" +
                             (near.empty() ? std::string() : fmt::format("; did you mean {}?", near)));
    }
  }
  if (!accounts)
    report_.error_at({}, {},
                     "there is no section [COS_ACCOUNT_0] that names a bucket and a user; is this the configuration "
                     "of the COS FTP Server tool?");
  else if (ftp_account_ != nullptr && !ftp_account_used_)
    report_.warning_at(ftp_account_->position, ftp_account_->name,
                       "is left out: every account section names its own user");
  return accounts;
}

bool Reader::apply(const Row& row, Section target, const IniSection& section, const IniEntry& entry) {
  const Setting& setting = setting_of(row);
  const std::string shown = label(section, entry.key);
  if (has_control(entry.value)) {
    report_.error_at(entry.position, shown, "holds a control character");
    return false;
  }
  warn_of_cut_secret(row, section, entry);
  Reading reading = row.read(setting, entry.value);
  if (!reading.warning.empty()) report_.warning_at(entry.position, shown, std::move(reading.warning));
  if (reading.value) setting.put(target, *std::move(reading.value));
  if (reading.error.empty()) return true;
  report_.error_at(entry.position, shown, std::move(reading.error));
  return false;
}

void Reader::warn_of_cut_secret(const Row& row, const IniSection& section, const IniEntry& entry) {
  if (entry.cut() && row.name == "password")
    report_.warning_at(entry.position, label(section, entry.key),
                       "what follows a blank and # or ; is taken for a comment, not for a part of the password");
}

void Reader::unknown(const IniSection& section, const IniEntry& entry) {
  std::vector<std::string_view> known;
  for (const Row& row : rows)
    if (row.section == (is_account(section.name) ? account_section : std::string_view(section.name)))
      known.push_back(row.key);
  const std::string near = nearest(entry.key, known);
  report_.warning_at(entry.position, label(section, entry.key),
                     "is not known and left out" + (near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

void Reader::read_single(const IniSection& section) {
  for (const IniEntry& entry : section.entries) {
    const Row* row = find_row(section.name, entry.key);
    if (row == nullptr) {
      unknown(section, entry);
    } else if (!row->not_needed.empty()) {
      report_.note_at(entry.position, label(section, entry.key), std::string(row->not_needed));
    } else if (row->read != nullptr && !entry.value.empty()) {
      const Spot spot{std::string(row->table), 0, std::string(row->name)};
      report_.written_at(spot, entry.position);
      report_.call(spot, label(section, entry.key));
      const Section target = row->table == "server"     ? Section(&config_.server)
                             : row->table == "transfer" ? Section(&config_.transfer)
                             : row->table == "log"      ? Section(&config_.log)
                                                        : Section(&config_.tls);
      apply(*row, target, section, entry);
    }
  }
  if (const IniEntry* enabled = section.find("log_rotate_enabled")) read_log_rotation(section, *enabled);
}

/// The tool has a switch and a period; here "never" is one of the periods.
void Reader::read_log_rotation(const IniSection& section, const IniEntry& enabled) {
  const Reading reading = read_flag(*settings_of("log").begin(), enabled.value);
  if (!reading.value)
    report_.error_at(enabled.position, label(section, enabled.key), reading.error);
  else if (!std::get<bool>(*reading.value))
    config_.log.rotate = LogRotation::never;
  else if (const IniEntry* when = section.find("log_rotate_when"); when == nullptr || when->value.empty())
    config_.log.rotate = LogRotation::day;
}

void Reader::error(Account& account, std::string_view key, std::string message) {
  account.failed = true;
  const IniEntry* entry = account.section->find(key);
  report_.error_at(entry != nullptr ? entry->position : account.section->position, label(*account.section, key),
                   std::move(message));
}

void Reader::require(Account& account, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) {
    const IniEntry* entry = account.section->find(key);
    if (entry == nullptr || entry->value.empty()) error(account, key, "is missing");
  }
}

Account Reader::read_account(const IniSection& section) {
  Account account{.section = &section};
  account.store.type = StoreType::cos;
  User user;
  for (const IniEntry& entry : section.entries) read_account_entry(account, user, entry);
  require(account, {"cos_secretid", "cos_secretkey", "cos_bucket"});
  read_endpoint(account);
  user.home = home_of(account);
  const bool names_user = section.find("ftp_login_user_name") != nullptr;
  if (names_user || ftp_account_ == nullptr) {
    require(account, {"ftp_login_user_name", "ftp_login_user_password", "authority"});
    account.users.push_back(std::move(user));
  } else if (ftp_account_used_) {
    error(account, "ftp_login_user_name", "is missing: [FTP_ACCOUNT] belongs to the first account without a user");
  } else {
    ftp_account_used_ = true;
    account.users = read_login_users(account);
    for (User& one : account.users) {
      one.home = user.home;
      one.delete_enable = user.delete_enable;
    }
  }
  return account;
}

void Reader::read_account_entry(Account& account, User& user, const IniEntry& entry) {
  const IniSection& section = *account.section;
  const Row* row = find_row(section.name, entry.key);
  if (row == nullptr) {
    unknown(section, entry);
  } else if (!row->not_needed.empty()) {
    if (std::ranges::find(noted_, row->not_needed) == noted_.end())
      report_.note_at(entry.position, label(section, entry.key), std::string(row->not_needed));
    noted_.push_back(row->not_needed);
  } else if (row->read != nullptr && !entry.value.empty()) {
    const Section target = row->table == "store" ? Section(&account.store) : Section(&user);
    if (!apply(*row, target, section, entry)) account.failed = true;
  }
}

/// A region is needed only where no endpoint is given.
void Reader::read_endpoint(Account& account) {
  const IniEntry* endpoint = account.section->find("cos_endpoint");
  const IniEntry* region = account.section->find("cos_region");
  if (endpoint == nullptr || endpoint->value.empty()) {
    static constexpr Row as_region{account_section, "cos_region", "store", "region", read_region};
    require(account, {"cos_region"});
    if (region != nullptr && !region->value.empty() && !apply(as_region, &account.store, *account.section, *region))
      account.failed = true;
    return;
  }
  const bool whole = endpoint->value.contains("://");
  const std::string_view scheme = account.store.protocol == Protocol::http ? "http" : "https";
  auto parsed = parse_endpoint(whole ? endpoint->value : fmt::format("{}://{}", scheme, endpoint->value));
  if (!parsed)
    error(account, "cos_endpoint",
          in_quotes(hide_password(endpoint->value)) +
              " is not an endpoint; write HOST, HOST:PORT or http(s)://HOST[:PORT]");
  else
    account.store.endpoint = *std::move(parsed);
}

/// Where the account's users are at home, as far as the prefix goes; the store is named when it is added.
Mount Reader::home_of(Account& account) {
  const IniEntry* prefix = account.section->find("cos_prefix");
  if (prefix == nullptr || prefix->value.empty()) return {{}, "/"};
  auto path = parse_absolute_path(prefix->value.starts_with('/') ? prefix->value : "/" + prefix->value);
  if (path) return {{}, *std::move(path)};
  error(account, "cos_prefix", std::move(path.error()));
  return {};
}

std::vector<User> Reader::read_login_users(const Account& account) {
  const IniEntry* entry = ftp_account_->find("login_users");
  if (entry == nullptr || entry->value.empty()) {
    report_.error_at(ftp_account_->position, label(*ftp_account_, "login_users"),
                     fmt::format("is missing: nobody could log in to the bucket of [{}]", account.section->name));
    return {};
  }
  // Here ';' separates users, even after a blank; only # begins a comment.
  std::string_view list = entry->written;
  for (std::size_t i = 1; i < list.size(); ++i)
    if (list[i] == '#' && (list[i - 1] == ' ' || list[i - 1] == '\t')) list = list.substr(0, i);
  if (has_control(list) || !is_utf8(list)) {
    report_.error_at(entry->position, label(*ftp_account_, entry->key), "holds a control character or is not UTF-8");
    return {};
  }
  std::vector<User> users;
  for (std::string_view item : split(list, ';'))
    if (const std::string_view text = trim(item); !text.empty())
      if (auto user = read_login_user(text, *entry)) users.push_back(*std::move(user));
  return users;
}

std::optional<User> Reader::read_login_user(std::string_view text, const IniEntry& entry) {
  static constexpr Row as_authority{ftp_section, "login_users", "user", "permissions", read_authority};
  const std::string shown = label(*ftp_account_, entry.key);
  // A password may hold a colon.
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || first == last || first == 0 || last == first + 1) {
    // Not quoted: what is there may be a password.
    report_.error_at(entry.position, shown, "an item is not USER:PASSWORD:AUTHORITY; users are separated by ;");
    return std::nullopt;
  }
  User user;
  user.name = trim(text.substr(0, first));
  user.password = Secret(std::string(text.substr(first + 1, last - first - 1)));
  Reading authority = read_authority(setting_of(as_authority), trim(text.substr(last + 1)));
  if (!authority.value) {
    report_.error_at(entry.position, shown,
                     fmt::format("the authority of {}: {}", in_quotes(user.name), authority.error));
    return std::nullopt;
  }
  user.permissions = std::get<std::string>(*std::move(authority.value));
  return user;
}

void Reader::locate(const Spot& spot, const IniSection& section, const IniEntry* entry) {
  report_.written_at(spot, entry != nullptr ? entry->position : section.position);
  report_.call(spot, entry != nullptr ? label(section, entry->key) : escape_control(section.name));
}

/// Accounts with the same bucket and the same keys share a store, and with it connections and what is known of it.
std::size_t Reader::add_store(const Account& account) {
  std::size_t namesakes = 0;
  for (std::size_t i = 0; i < config_.stores.size(); ++i) {
    Store same = account.store;
    same.name = config_.stores[i].name;
    if (same == config_.stores[i]) return i;
    if (same.bucket == config_.stores[i].bucket) ++namesakes;
  }
  const std::size_t index = config_.stores.size();
  Store& store = config_.stores.emplace_back(account.store);
  store.name = namesakes == 0 ? store.bucket : fmt::format("{}.{}", store.bucket, namesakes + 1);
  locate({"store", index, {}}, *account.section, nullptr);
  for (const Row& row : rows)
    if (const IniEntry* entry = account.section->find(row.key); entry != nullptr && row.table == "store")
      locate({"store", index, std::string(row.name)}, *account.section, entry);
  return index;
}

void Reader::add(Account account) {
  loaded_.holds_secrets = true;
  // A broken account was reported; what would follow from it is not worth a message.
  if (account.failed) return;
  const std::string store = config_.stores[add_store(account)].name;
  const IniEntry* login_users = ftp_account_ != nullptr ? ftp_account_->find("login_users") : nullptr;
  for (User& user : account.users) {
    const std::size_t index = config_.users.size();
    user.home.store = store;
    config_.users.push_back(std::move(user));
    locate({"user", index, {}}, *account.section, nullptr);
    const IniEntry* name = account.section->find("ftp_login_user_name");
    if (name == nullptr && login_users != nullptr)
      for (const char* part : {"name", "password", "permissions"})
        locate({"user", index, part}, *ftp_account_, login_users);
    for (const Row& row : rows)
      if (const IniEntry* entry = account.section->find(row.key); entry != nullptr && row.table == "user")
        locate({"user", index, std::string(row.name)}, *account.section, entry);
  }
}

}  // namespace

bool is_vsftpd_conf(std::string_view text, std::string_view file_name) {
  if (file_name.ends_with(".conf")) return true;
  for (std::string_view line : split(text, '\n')) {
    const std::string_view trimmed = trim(line);
    if (!trimmed.starts_with('[')) continue;
    const std::string_view name = trim(trimmed.substr(1, trimmed.find(']') - 1));
    if (is_account(name) || std::ranges::find(plain_sections, name) != plain_sections.end()) return true;
  }
  return false;
}

std::filesystem::path vsftpd_conf_base(const std::filesystem::path& directory) {
  return directory.filename() == "conf" ? directory.parent_path() : directory;
}

bool read_vsftpd_conf(std::string_view text, Loaded& loaded, Report& report) {
  return Reader(loaded, report).read(parse_ini(text, report));
}

}  // namespace gantry::config
