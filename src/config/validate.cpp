#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/password_hash.hpp"
#include "base/text.hpp"
#include "config/settings.hpp"
#include "config/text_values.hpp"

namespace gantry::config {
namespace {

/// Parts of a multipart upload may not be smaller, the last one excepted.
constexpr std::uint64_t least_part_s3 = 5 * mib;
constexpr std::uint64_t least_part_cos = mib;

constexpr std::size_t longest_user_name = 64;
constexpr std::size_t longest_name = 255;
constexpr std::uint64_t longest_welcome = 4 * kib;

/// sockaddr_un::sun_path (unix(7)) without the NUL at the end.
constexpr std::size_t longest_socket_path = 107;

class Validator {
 public:
  Validator(Config& config, Report& report) : config_(config), report_(report) {}

  void run() {
    check_server();
    check_tls();
    check_defender();
    check_login_hook();
    for (std::size_t i = 0; i < config_.stores.size(); ++i) check_store(config_.stores[i], i);
    check_part_size();
    for (std::size_t i = 0; i < config_.users.size(); ++i) check_user(config_.users[i], i);
    warn_of_plain_passwords();
    check_anonymous();
    check_somebody_can_log_in();
  }

  /// Only this user, as the first of the configuration.
  void run_user(const User& user) {
    check_user(user, 0);
    warn_of_plain_passwords();
  }

 private:
  void check_server();
  void check_listen(std::string_view name, const std::vector<ListenAddress>& addresses);
  void check_passive_ports();
  void check_tls();
  void check_defender();
  void check_client_certificates();
  void check_login_hook();
  void check_store(Store& store, std::size_t index);
  void check_store_type(Store& store, std::size_t index);
  void check_bucket(Store& store, std::size_t index);
  void check_keys(const Store& store, std::size_t index);
  void check_prefix(Store& store, std::size_t index);
  void check_part_size();
  void check_user(const User& user, std::size_t index);
  void check_quotas(std::string table, std::size_t index, std::uint64_t bytes, std::uint64_t files);
  void check_password(const User& user, std::size_t index);
  void check_certificate(const User& user, std::size_t index);
  void warn_of_plain_passwords();
  void check_user_name(const User& user, std::size_t index);
  void check_mounts(const User& user, std::size_t index);
  void check_anonymous();
  void check_somebody_can_log_in();
  void check_place(const Mount& place, const Spot& spot);

  [[nodiscard]] static Spot server(std::string_view name) { return {"server", 0, std::string(name)}; }
  [[nodiscard]] static Spot tls(std::string_view name) { return {"tls", 0, std::string(name)}; }
  /// Reports unless the setting itself is already known to be wrong.
  void error(const Spot& spot, std::string message) {
    if (!report_.failed(spot)) report_.error(spot, std::move(message));
  }

  Config& config_;
  Report& report_;
  std::set<std::string> store_names_;
  std::set<std::string> user_names_;
  std::set<std::string> addresses_;
  std::vector<Spot> plain_passwords_;
};

void Validator::check_server() {
  const Server& server_config = config_.server;
  check_listen("listen", server_config.listen);
  check_listen("listen_tls", server_config.listen_tls);
  if (server_config.listen.empty() && server_config.listen_tls.empty() && !report_.failed(server("listen_tls")))
    error(server("listen"), "there is no address to listen on, neither here nor in listen_tls");
  const std::string& masquerade = server_config.masquerade_address;
  if (!masquerade.empty() && !is_host_name(masquerade))
    error(server("masquerade_address"), in_quotes(masquerade) + " is neither an IPv4 address nor a DNS name");
  const std::string& state = server_config.state;
  if (!state.starts_with("sqlite:") && !state.starts_with("postgresql:"))
    error(server("state"), R"(must begin with "sqlite:" or "postgresql:")");
  else if (state == "sqlite:")
    error(server("state"), R"(names no file; write e.g. "sqlite:gantry.db")");
  if (server_config.admin_socket.size() > longest_socket_path && report_.written(server("admin_socket")))
    error(server("admin_socket"), fmt::format("{} is longer than the {} bytes a Unix socket's path may have",
                                              in_quotes(server_config.admin_socket), longest_socket_path));
  for (const std::string& host : server_config.host_names)
    if (!is_host_name(host)) error(server("host_names"), in_quotes(host) + " is not a DNS name");
  if (server_config.welcome.size() > longest_welcome)
    error(server("welcome"), fmt::format("has more than {}", exact_bytes(longest_welcome)));
  const std::string& message = server_config.message_file;
  if (message.contains('/') || message == "." || message == ".." || message.size() > longest_name)
    error(server("message_file"), in_quotes(message) + " is not the name of a file");
  check_passive_ports();
}

void Validator::check_listen(std::string_view name, const std::vector<ListenAddress>& addresses) {
  for (const ListenAddress& address : addresses) {
    const std::string text = format_listen_address(address);
    if (address.port != 0 && !addresses_.insert(text).second)
      error(server(name), fmt::format("{} is listened on twice", in_quotes(text)));
  }
}

void Validator::check_passive_ports() {
  const PortRange& range = config_.server.passive_ports;
  for (const auto* addresses : {&config_.server.listen, &config_.server.listen_tls})
    for (const ListenAddress& address : *addresses)
      if (address.port >= range.first && address.port <= range.last)
        error(server("passive_ports"), fmt::format("{} holds port {}, which the server itself listens on",
                                                   in_quotes(format_port_range(range)), address.port));
}

void Validator::check_tls() {
  Tls& settings = config_.tls;
  check_client_certificates();
  if (!settings.certificate.empty()) {
    if (settings.key.empty()) settings.key = settings.certificate;
    return;
  }
  if (report_.failed(tls("certificate"))) return;
  if (!settings.key.empty()) error(tls("key"), "needs tls.certificate too");
  if (settings.required) error(tls("required"), "needs tls.certificate and tls.key");
  if (settings.session_reuse == SessionReuse::require) error(tls("session_reuse"), "needs tls.certificate and tls.key");
  if (!config_.server.listen_tls.empty()) error(server("listen_tls"), "needs tls.certificate and tls.key");
}

void Validator::check_defender() {
  const Defender& defender = config_.defender;
  if (defender.ban_time_max < defender.ban_time)
    error({"defender", 0, "ban_time_max"}, "must be at least ban_time, which is " + exact_duration(defender.ban_time));
}

void Validator::check_client_certificates() {
  const Tls& settings = config_.tls;
  if (settings.client_certificates == ClientCertificates::off || report_.failed(tls("client_ca"))) return;
  if (settings.certificate.empty() && !report_.failed(tls("certificate")))
    error(tls("client_certificates"), "needs tls.certificate and tls.key");
  else if (settings.client_ca.empty())
    error(tls("client_certificates"), "needs tls.client_ca: whose certificates are good?");
}

void Validator::check_login_hook() {
  const LoginHook& hook = config_.login_hook;
  const Spot url{"login_hook", 0, "url"};
  if (hook.url.empty() || report_.failed(url)) return;
  if (!hook.program.empty()) report_.warning(url, "is not asked, because login_hook.program is");
  const std::size_t scheme = hook.url.find("://");
  const std::size_t path = scheme == std::string::npos ? scheme : hook.url.find('/', scheme + 3);
  const std::string_view origin = std::string_view(hook.url).substr(0, path);
  const bool blanks = hook.url.find_first_of(" #") != std::string::npos || has_control(hook.url);
  // Quotes nothing: there may be a key in it.
  if (blanks || hook.url.contains('@') || !parse_endpoint(origin))
    error(url, "is not a URL that can be asked; write http(s)://HOST[:PORT][/PATH]");
  else if (origin.starts_with("http://") && !origin.starts_with("http://127.") &&
           !origin.starts_with("http://localhost") && !origin.starts_with("http://[::1]"))
    report_.warning(url, "sends passwords in clear over the network; use https or a server on this machine");
}

void Validator::check_store(Store& store, std::size_t index) {
  const Spot name{"store", index, "name"};
  if (!is_store_name(store.name))
    error(name, fmt::format("{} is not a name for a store; use letters, digits, '-', '_' and '.', at most 64",
                            in_quotes(store.name)));
  else if (!store_names_.insert(store.name).second)
    error(name, fmt::format("there are two stores {}", in_quotes(store.name)));
  if (!report_.failed({"store", index, "type"})) check_store_type(store, index);
}

void Validator::check_store_type(Store& store, std::size_t index) {
  for (const Setting& setting : settings_of("store")) {
    const Spot spot{"store", index, std::string(setting.name)};
    if ((setting.stores & only(store.type)) == 0 && report_.written(spot))
      error(spot, "does not apply to this type of store");
  }
  if (store.type == StoreType::local) {
    if (store.root.empty()) error({"store", index, "root"}, "is missing: a local store needs a directory");
  } else if (store.type != StoreType::memory) {
    check_bucket(store, index);
    check_keys(store, index);
    check_prefix(store, index);
  }
}

void Validator::check_bucket(Store& store, std::size_t index) {
  if (store.bucket.empty())
    error({"store", index, "bucket"}, "is missing");
  else if (!is_store_name(store.bucket))
    error({"store", index, "bucket"}, in_quotes(store.bucket) + " is not the name of a bucket");
  if (!store.region.empty() && !is_host_name(store.region))
    error({"store", index, "region"}, in_quotes(store.region) + " is not a region");
  auto endpoint = parse_endpoint(store.endpoint);
  if (!endpoint) {
    error({"store", index, "endpoint"}, std::move(endpoint.error()));
  } else {
    store.endpoint = *std::move(endpoint);
    if (!store.region.empty() || report_.failed({"store", index, "region"})) return;
    if (store.endpoint.empty() && !report_.failed({"store", index, "endpoint"}))
      error({"store", index, "region"}, "is missing: without an endpoint the store's address is made from the region");
    else if (store.type == StoreType::s3)
      store.region = "us-east-1";
  }
}

void Validator::check_keys(const Store& store, std::size_t index) {
  if (store.access_key.empty()) error({"store", index, "access_key"}, "is missing");
  if (store.secret_key.empty()) error({"store", index, "secret_key"}, "is missing");
  const Spot proxy{"store", index, "proxy"};
  if (store.proxy.empty() || report_.failed(proxy)) return;
  if (!store.proxy.starts_with("http://")) {
    error(proxy, "must begin with http://");
    return;
  }
  const std::size_t at = store.proxy.rfind('@');
  const std::size_t host = at == std::string::npos ? std::string_view("http://").size() : at + 1;
  // Quotes nothing: what looks like a host may be the end of a password.
  if (!parse_endpoint("http://" + store.proxy.substr(host)))
    error(proxy, "is not a proxy; write http://[USER:PASSWORD@]HOST:PORT");
}

void Validator::check_prefix(Store& store, std::size_t index) {
  if (store.prefix.empty()) return;
  const auto path = parse_absolute_path("/" + store.prefix);
  if (!path || *path == "/")
    error({"store", index, "prefix"},
          in_quotes(store.prefix) + R"( must not begin with "/" nor hold empty, "." or ".." segments)");
  else
    store.prefix = path->substr(1) + "/";
}

void Validator::check_part_size() {
  const auto has = [&](StoreType type) {
    return std::ranges::find(config_.stores, type, &Store::type) != config_.stores.end();
  };
  const std::uint64_t size = config_.transfer.part_size;
  const std::uint64_t least = has(StoreType::s3) ? least_part_s3 : has(StoreType::cos) ? least_part_cos : 0;
  if (size < least)
    report_.warning({"transfer", 0, "part_size"},
                    fmt::format("{} is less than the {} most stores accept", exact_bytes(size), exact_bytes(least)));
}

void Validator::check_user(const User& user, std::size_t index) {
  check_user_name(user, index);
  check_password(user, index);
  check_certificate(user, index);
  check_place(user.home, {"user", index, "home"});
  check_mounts(user, index);
  if (user.require_tls && config_.tls.certificate.empty() && !report_.failed(tls("certificate")))
    error({"user", index, "require_tls"}, "needs tls.certificate and tls.key");
  check_quotas("user", index, user.quota_bytes, user.quota_files);
}

void Validator::check_quotas(std::string table, std::size_t index, std::uint64_t bytes, std::uint64_t files) {
  if (config_.server.state != "sqlite::memory:") return;
  static constexpr auto nowhere = "needs a state database that lasts; server.state is \"sqlite::memory:\"";
  if (bytes > 0) error({table, index, "quota_bytes"}, nowhere);
  if (files > 0) error({table, index, "quota_files"}, nowhere);
}

void Validator::check_password(const User& user, std::size_t index) {
  const Spot spot{"user", index, "password"};
  const std::string& stored = user.password.reveal();
  if (stored.empty())
    error(spot, "is missing or empty");
  else if (!is_intact_password(stored))
    error(spot, fmt::format("is a damaged {} hash, cut short or altered; copy it whole or make one with: gantryd "
                            "hash-password",
                            password_scheme(stored)));
  else if (!is_password_hash(stored) && !report_.failed(spot))
    plain_passwords_.push_back(spot);
}

void Validator::check_certificate(const User& user, std::size_t index) {
  const Spot spot{"user", index, "certificate"};
  if (user.certificate.empty()) {
    if (user.certificate_and_password) error({"user", index, "certificate_and_password"}, "needs certificate");
    return;
  }
  if (config_.tls.client_certificates == ClientCertificates::off && !report_.failed(tls("client_certificates")))
    error(spot, R"(needs tls.client_certificates = "accept" or "require")");
}

/// Once, however many users there are.
void Validator::warn_of_plain_passwords() {
  if (plain_passwords_.empty()) return;
  const std::size_t more = plain_passwords_.size() - 1;
  const std::string others =
      more == 0 ? "" : fmt::format(", as are those of {} more user{}", more, more == 1 ? "" : "s");
  report_.warning(plain_passwords_.front(),
                  fmt::format("is plain text{}; make a hash with: gantryd hash-password", others));
}

void Validator::check_user_name(const User& user, std::size_t index) {
  const Spot spot{"user", index, "name"};
  const std::string& name = user.name;
  // The name may become part of a path by way of %u.
  if (name.empty() || name.size() > longest_user_name || name == "." || name == ".." || name.contains('/') ||
      name.front() == ' ' || name.back() == ' ')
    error(spot, fmt::format(R"({} is not a name for a user; 1 to {} bytes, without "/" and outer blanks)",
                            in_quotes(name), longest_user_name));
  else if (!user_names_.insert(name).second)
    error(spot, fmt::format("there are two users {}", in_quotes(name)));
}

void Validator::check_mounts(const User& user, std::size_t index) {
  const Spot spot{"user", index, "mounts"};
  for (const auto& [path, place] : user.mounts) {
    check_place(place, spot);
    for (const auto& [other, unused] : user.mounts)
      if (other.starts_with(path + "/"))
        report_.error(spot,
                      fmt::format("{} lies inside {}: mounts must not overlap", in_quotes(other), in_quotes(path)));
  }
}

void Validator::check_anonymous() {
  Anonymous& anonymous = config_.anonymous;
  if (!anonymous.home.store.empty())
    check_place(anonymous.home, {"anonymous", 0, "home"});
  else if (anonymous.enabled)
    error({"anonymous", 0, "home"}, "is missing");
  if (anonymous.permissions.find_first_not_of("elr") != std::string::npos)
    error({"anonymous", 0, "permissions"},
          in_quotes(anonymous.permissions) + " holds more than e, l and r; for uploads set drop_box");
  if (!anonymous.drop_box.empty()) {
    const auto path = parse_absolute_path(anonymous.drop_box);
    if (!path)
      error({"anonymous", 0, "drop_box"}, path.error());
    else if (*path == "/")
      error({"anonymous", 0, "drop_box"}, "must be a directory below /");
    else
      anonymous.drop_box = *path;
  }
  check_quotas("anonymous", 0, anonymous.quota_bytes, anonymous.quota_files);
}

void Validator::check_somebody_can_log_in() {
  if (config_.users.empty() && !config_.anonymous.enabled)
    report_.warning({"user", 0, {}},
                    "there are no users here and anonymous is off: nobody can log in but users of the state database");
}

void Validator::check_place(const Mount& place, const Spot& spot) {
  if (place.store.empty() || report_.failed(spot)) return;
  for (std::size_t i = 0; i < config_.stores.size(); ++i)
    if (config_.stores[i].name == place.store || report_.failed({"store", i, "name"})) return;
  std::vector<std::string_view> names;
  for (const Store& store : config_.stores) names.push_back(store.name);
  const std::string hint = nearest(place.store, names);
  // Not error(): of several mounts each may be wrong.
  report_.error(spot, fmt::format("there is no store {}{}", in_quotes(place.store),
                                  hint.empty() ? "" : fmt::format("; did you mean {}?", in_quotes(hint))));
}

}  // namespace

void complete_and_validate(Config& config, Report& report) { Validator(config, report).run(); }

void validate_user(const User& user, const Config& config, Report& report) {
  Config copy = config;
  Validator(copy, report).run_user(user);
}

}  // namespace gantry::config
