#include "config/settings.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

namespace gantry::config {
namespace {

using enum Kind;
using enum Reload;

template <class T>
struct MemberOf;
template <class Owner, class T>
struct MemberOf<T Owner::*> {
  using Struct = Owner;
  using Type = T;
};

template <class Struct>
consteval std::string_view table_for() {
  if constexpr (std::same_as<Struct, Server>) return "server";
  if constexpr (std::same_as<Struct, Tls>) return "tls";
  if constexpr (std::same_as<Struct, Passwords>) return "passwords";
  if constexpr (std::same_as<Struct, LoginHook>) return "login_hook";
  if constexpr (std::same_as<Struct, Transfer>) return "transfer";
  if constexpr (std::same_as<Struct, Defender>) return "defender";
  if constexpr (std::same_as<Struct, Log>) return "log";
  if constexpr (std::same_as<Struct, Store>) return "store";
  if constexpr (std::same_as<Struct, User>) return "user";
  if constexpr (std::same_as<Struct, Anonymous>) return "anonymous";
}

template <auto Member>
void put_member(Section section, Value value) {
  using Info = MemberOf<decltype(Member)>;
  using Type = typename Info::Type;
  Type& target = std::get<typename Info::Struct*>(section)->*Member;
  if constexpr (std::is_enum_v<Type>)
    target = static_cast<Type>(std::get<Choice>(value).index);
  else if constexpr (std::same_as<Type, std::uint32_t>)
    target = static_cast<Type>(std::get<std::uint64_t>(value));
  else
    target = std::get<Type>(std::move(value));
}

template <auto Member>
Value get_member(Section section) {
  using Info = MemberOf<decltype(Member)>;
  const auto& source = std::get<typename Info::Struct*>(section)->*Member;
  if constexpr (std::is_enum_v<typename Info::Type>)
    return Choice{static_cast<std::size_t>(source)};
  else if constexpr (std::same_as<typename Info::Type, std::uint32_t>)
    return std::uint64_t{source};
  else
    return source;
}

/// A row of the table; what only some rows need is added by the calls behind it.
struct Row : Setting {
  constexpr Row between(std::uint64_t low, std::uint64_t high) const {
    Row row = *this;
    row.least = low;
    row.most = high;
    return row;
  }
  constexpr Row of(std::span<const std::string_view> words) const {
    Row row = *this;
    row.choices = words;
    return row;
  }
  constexpr Row also(std::string_view other) const {
    Row row = *this;
    row.alias = other;
    return row;
  }
  constexpr Row in(StoreTypes types) const {
    Row row = *this;
    row.stores = types;
    return row;
  }
};

struct Words {
  std::string_view name;
  std::string_view initial;
};

template <auto Member>
constexpr Row row(Words words, Kind kind, Reload reload, std::string_view help) {
  Row made;
  made.table = table_for<typename MemberOf<decltype(Member)>::Struct>();
  made.name = words.name;
  made.kind = kind;
  made.initial = words.initial;
  made.reload = reload;
  made.help = help;
  made.put = &put_member<Member>;
  made.get = &get_member<Member>;
  return made;
}

// The words of a choice stand in the order of its enumerators.
using Word = std::string_view;
constexpr std::array<Word, 2> session_reuses{"accept", "require"};
constexpr std::array<Word, 3> client_certificates{"off", "accept", "require"};
constexpr std::array<Word, 3> interrupted_uploads{"hold", "keep", "discard"};
constexpr std::array<Word, 3> verifications{"auto", "strong", "size"};
constexpr std::array<Word, 2> durabilities{"fsync", "none"};
constexpr std::array<Word, 7> digest_names{"crc64", "crc32c", "crc32", "md5", "sha1", "sha256", "sha512"};
constexpr std::array<Word, 4> levels{"debug", "info", "warning", "error"};
constexpr std::array<Word, 2> formats{"text", "json"};
constexpr std::array<Word, 2> protocols{"https", "http"};
constexpr std::array<Word, 6> rotations{"size", "second", "minute", "hour", "day", "never"};
constexpr std::array<Word, 4> store_types{"memory", "local", "s3", "cos"};

constexpr std::uint64_t second = 1000;
constexpr std::uint64_t minute = 60 * second;
constexpr std::uint64_t day = 24 * 60 * minute;
/// The shortest wait that makes sense on a network, for every timeout.
constexpr std::uint64_t shortest_wait = 100;
constexpr std::uint64_t million = 1'000'000;

constexpr auto table = std::to_array<Setting>({
    row<&Server::listen>({"listen", R"(["0.0.0.0:2121"])"}, addresses, restart,
                         "Addresses for FTP and, once a certificate is set, explicit FTPS."),
    row<&Server::listen_tls>({"listen_tls", "[]"}, addresses, restart, "Addresses for implicit FTPS."),
    row<&Server::masquerade_address>({"masquerade_address", R"("")"}, text, new_sessions,
                                     "IPv4 address or DNS name put into replies to PASV; empty: the connection's own."),
    row<&Server::passive_ports>({"passive_ports", R"("60000-65535")"}, port_range, new_sessions,
                                "Ports for passive data connections, first and last."),
    row<&Server::active_mode>({"active_mode", "true"}, flag, new_sessions, "Allow PORT and EPRT."),
    row<&Server::banner>(
        {"banner", R"("Gantry ready")"}, text, new_sessions,
        "Text of the greeting. Here and in the next two %a is the client's address, %u the user, %d the "
        "working directory, %t the time (UTC), %% a percent sign."),
    row<&Server::welcome>({"welcome", R"("")"}, lines, new_sessions, "Lines said after a login; empty: none."),
    row<&Server::message_file>(
        {"message_file", R"("")"}, text, new_sessions,
        "Name, such as .message, of a file whose first 4 KiB of text are said to those who enter "
        "its directory and may read it; empty: none. One download for every CWD."),
    row<&Server::max_sessions>({"max_sessions", "512"}, number, live,
                               "Sessions at the same time; administrators may have two more; 0: no limit.")
        .between(0, million),
    row<&Server::max_sessions_per_ip>({"max_sessions_per_ip", "0"}, number, live,
                                      "Sessions from one IPv4 address or one IPv6 /64; 0: no limit.")
        .between(0, million),
    row<&Server::max_upload>({"max_upload", "0"}, rate, live, "Over all sessions of the server; 0: no limit."),
    row<&Server::max_download>({"max_download", "0"}, rate, live, "Over all sessions of the server; 0: no limit."),
    row<&Server::max_list_entries>({"max_list_entries", "0"}, number, new_sessions,
                                   "Entries of one listing; the reply says how many were left out; 0: all.")
        .between(0, std::numeric_limits<std::uint32_t>::max()),
    row<&Server::login_timeout>({"login_timeout", R"("1m")"}, duration, new_sessions,
                                "Time from the connection to a successful login.")
        .between(shortest_wait, 60 * minute),
    row<&Server::idle_timeout>({"idle_timeout", R"("5m")"}, duration, new_sessions,
                               "Time without a command or a transfer before the session ends.")
        .between(shortest_wait, 7 * day),
    row<&Server::data_open_timeout>({"data_open_timeout", R"("30s")"}, duration, new_sessions,
                                    "Time for a data connection to open, passive or active.")
        .between(shortest_wait, 10 * minute),
    row<&Server::data_stall_timeout>({"data_stall_timeout", R"("1m")"}, duration, new_sessions,
                                     "Time without a byte on the data connection before the transfer fails.")
        .between(shortest_wait, 60 * minute),
    row<&Server::max_login_attempts>({"max_login_attempts", "3"}, number, new_sessions,
                                     "Wrong passwords before the connection is closed.")
        .between(1, 100),
    row<&Server::memory_budget>({"memory_budget", R"("25%")"}, memory, restart,
                                "Memory for transfer buffers: bytes, or a share of what the machine or its cgroup has.")
        .between(mib, std::numeric_limits<std::int64_t>::max()),
    row<&Server::lanes>({"lanes", "0"}, number, restart, "Threads that serve sessions; 0: one a core.").between(0, 256),
    row<&Server::blocking_threads>({"blocking_threads", "8"}, number, restart,
                                   "Threads for disk, name resolution and password checks.")
        .between(1, 1024),
    row<&Server::state>(
        {"state", R"("sqlite:gantry.db")"}, database, restart,
        "Database of users and unfinished uploads: sqlite:PATH or postgresql://..., which several servers may share. "
        "Not set: in $STATE_DIRECTORY, where systemd names one."),
    row<&Server::admin_socket>(
        {"admin_socket", R"("gantryd.sock")"}, path, restart,
        "Unix socket on which a running server hears gantryd user, ban, sessions and reload, of its own user and of "
        "root; "
        "empty: none. Not set: beside the SQLite database, else in $STATE_DIRECTORY, where systemd names one."),
    row<&Server::mode_z>({"mode_z", "false"}, flag, new_sessions,
                         "Offer MODE Z compression; some clients always use it when offered."),
    row<&Server::host_names>({"host_names", "[]"}, texts, new_sessions,
                             "Names accepted by HOST (RFC 7151); empty: every name."),

    row<&Tls::certificate>({"certificate", R"("")"}, path, live, "PEM file with the certificate chain; empty: no TLS."),
    row<&Tls::key>({"key", R"("")"}, path, live,
                   "PEM file with the private key; empty: it is in the certificate file."),
    row<&Tls::required>({"required", "false"}, flag, new_sessions,
                        "Refuse logins before AUTH TLS and data connections without PROT P."),
    row<&Tls::session_reuse>({"session_reuse", R"("accept")"}, choice, new_sessions,
                             "Whether data connections must resume the control connection's TLS session.")
        .of(session_reuses),
    row<&Tls::handshake_timeout>({"handshake_timeout", R"("10s")"}, duration, new_sessions, "Time for one handshake.")
        .between(shortest_wait, 10 * minute),
    row<&Tls::client_certificates>({"client_certificates", R"("off")"}, choice, live,
                                   "Whether clients are asked for a certificate on the control connection: never, yes "
                                   "but they may come without one, or no session without one.")
        .of(client_certificates),
    row<&Tls::client_ca>({"client_ca", R"("")"}, path, live,
                         "PEM file with the authorities that issue clients' certificates, intermediate ones too."),

    row<&Passwords::memory>({"memory", R"("64MiB")"}, bytes, new_sessions,
                            "Memory of one new argon2id hash. Weaker hashes in the state database are replaced at "
                            "their user's next login.")
        .between(mib, 4 * gib - kib),
    row<&Passwords::passes>({"passes", "2"}, number, new_sessions, "Passes of a new argon2id hash over its memory.")
        .between(1, 100),
    row<&Passwords::remember>({"remember", R"("1m")"}, duration, new_sessions,
                              "How long a password that was right is not hashed again, so that a client that opens ten "
                              "connections pays once; 0: always.")
        .between(0, day),

    row<&LoginHook::program>({"program", R"("")"}, path, new_sessions,
                             "Program that is asked about users who are neither in this file nor in the state "
                             "database; it reads JSON and writes JSON."),
    row<&LoginHook::url>({"url", R"("")"}, text, new_sessions,
                         "http(s)://HOST[:PORT][/PATH] that is asked by POST instead."),
    row<&LoginHook::ca_file>({"ca_file", R"("")"}, path, new_sessions,
                             "PEM file with trusted certificates for https; empty: the system's."),
    row<&LoginHook::timeout>({"timeout", R"("10s")"}, duration, new_sessions,
                             "Time for an answer; then the program is killed and the login cannot be checked.")
        .between(shortest_wait, minute),
    row<&LoginHook::at_once>({"at_once", "8"}, number, new_sessions, "Questions asked at the same time.")
        .between(1, 1000),

    row<&Transfer::interrupted_upload>({"interrupted_upload", R"("hold")"}, choice, new_sessions,
                                       "What happens to an upload that breaks: hold it for resumption, keep what "
                                       "arrived as the file, or discard it.")
        .of(interrupted_uploads),
    row<&Transfer::held_upload_ttl>({"held_upload_ttl", R"("1d")"}, duration, live,
                                    "How long a held upload waits for its owner.")
        .between(second, 365 * day),
    row<&Transfer::verify>(
        {"verify", R"("auto")"}, choice, new_sessions,
        "How an upload is checked before it counts as done: by the best the store offers; by a checksum "
        "of the whole, else it is removed; or without MD5, by the size and what the store answers.")
        .of(verifications),
    row<&Transfer::digests>(
        {"digests", R"(["crc64"])"}, texts, new_sessions,
        "Checksums computed while an upload to a bucket passes and kept with the file; crc64 always is.")
        .of(digest_names),
    row<&Transfer::durability>({"durability", R"("fsync")"}, choice, new_sessions,
                               "Whether a local file reaches the disk before the upload is confirmed.")
        .of(durabilities),
    row<&Transfer::max_file_size>({"max_file_size", "0"}, bytes, new_sessions,
                                  "Largest file that may be uploaded; 0: the store's own limit."),
    row<&Transfer::part_size>({"part_size", R"("8MiB")"}, bytes, new_sessions,
                              "First size of the parts of a multipart upload.")
        .between(64 * kib, 5 * gib),
    row<&Transfer::parts_in_flight>({"parts_in_flight", "4"}, number, new_sessions,
                                    "Parts of one upload on their way at the same time, to begin with: up to three "
                                    "times as many where the store takes them as fast and half of the memory is free.")
        .between(1, 64),

    row<&Defender::enabled>({"enabled", "true"}, flag, live,
                            "Ban addresses that guess passwords or do not speak FTP. false: bans made before, by other "
                            "servers or by hand, and deny count all the same."),
    row<&Defender::threshold>(
        {"threshold", "12"}, number, live,
        "Points that lead to a ban: a failed login 1, with another user than the last 2, bytes that are no "
        "FTP 4; as many fade in half an hour, and a login takes 3 off.")
        .between(1, million),
    row<&Defender::ban_time>({"ban_time", R"("5m")"}, duration, live,
                             "Length of the first ban; each that follows is twice as long.")
        .between(second, 365 * day),
    row<&Defender::ban_time_max>({"ban_time_max", R"("1d")"}, duration, live,
                                 "Longest ban, and how long after its end a ban is remembered.")
        .between(second, 365 * day),
    row<&Defender::allow>({"allow", "[]"}, networks, live, "Networks that are never banned, whatever else says."),
    row<&Defender::deny>({"deny", "[]"}, networks, live, "Networks whose connections are always turned away."),

    row<&Log::level>({"level", R"("info")"}, choice, live, "Least severe lines to write.").of(levels),
    row<&Log::directory>(
        {"directory", R"("log")"}, path, live,
        "Where log files go; empty: to standard error. Not set: $LOGS_DIRECTORY, where systemd names one."),
    row<&Log::format>({"format", R"("text")"}, choice, live, "Lines for people or JSON objects.").of(formats),
    row<&Log::xferlog>({"xferlog", "false"}, flag, live, "Also write finished transfers to xferlog."),
    row<&Log::rotate>({"rotate", R"("size")"}, choice, live,
                      "When a log file is put aside: once it has rotate_size, every second, minute, hour or day "
                      "(UTC), or never (SIGHUP opens the files anew, for logrotate).")
        .of(rotations),
    row<&Log::rotate_size>({"rotate_size", R"("64MiB")"}, bytes, live, "Largest log file when rotate is size.")
        .between(4 * kib, 1024 * gib),
    row<&Log::keep_files>({"keep_files", "10"}, number, live,
                          "Files put aside that are kept, beside the one in use; 0: all.")
        .between(0, 10'000),

    row<&Store::name>({"name", ""}, text, restart,
                      "What users' places call the store: letters, digits, '-', '_', '.'."),
    row<&Store::type>({"type", ""}, choice, restart,
                      "cos: Tencent COS; s3: anything that speaks S3; local: a directory; memory: lost at exit.")
        .of(store_types),
    row<&Store::root>({"root", R"("")"}, path, restart, "The directory.").in(only(StoreType::local)),
    row<&Store::bucket>({"bucket", R"("")"}, text, restart, "The bucket's name; for COS with the APPID.").in(buckets),
    row<&Store::prefix>({"prefix", R"("")"}, text, restart, "All keys of this store begin with it.").in(buckets),
    row<&Store::region>({"region", R"("")"}, text, restart,
                        "Region, such as ap-guangzhou; s3 with an endpoint: us-east-1 unless given.")
        .in(buckets),
    row<&Store::endpoint>({"endpoint", R"("")"}, text, restart,
                          "http(s)://HOST[:PORT] of a private deployment; empty: made from bucket and region.")
        .in(buckets),
    row<&Store::protocol>({"protocol", R"("https")"}, choice, restart,
                          "How to reach the address made from bucket and region.")
        .of(protocols)
        .in(buckets),
    row<&Store::path_style>({"path_style", "false"}, flag, restart, "Put the bucket into the path, not the host name.")
        .in(only(StoreType::s3)),
    row<&Store::internal_endpoint>({"internal_endpoint", "false"}, flag, restart,
                                   "Use the endpoint inside Tencent's network.")
        .in(only(StoreType::cos)),
    row<&Store::access_key>({"access_key", R"("")"}, credential, live, "Access key ID.").also("secret_id").in(buckets),
    row<&Store::secret_key>({"secret_key", R"("")"}, secret, live, "Secret key.").in(buckets),
    row<&Store::session_token>({"session_token", R"("")"}, secret, live,
                               "Token of temporary keys. The three are read again when a file they stand in changes.")
        .in(buckets),
    row<&Store::proxy>({"proxy", R"("")"}, url, restart,
                       "http://[USER:PASSWORD@]HOST:PORT; empty: https_proxy and http_proxy of the environment.")
        .in(buckets),
    row<&Store::ca_file>({"ca_file", R"("")"}, path, restart,
                         "PEM file with trusted certificates; empty: the system's.")
        .in(buckets),
    row<&Store::verify_certificate>({"verify_certificate", "true"}, flag, restart,
                                    "Check the store's certificate. Off only for trials.")
        .in(buckets),
    row<&Store::max_connections>({"max_connections", "64"}, number, restart, "Connections to the store, for each lane.")
        .between(1, 10'000)
        .in(buckets),
    row<&Store::connect_timeout>({"connect_timeout", R"("10s")"}, duration, restart, "Time for a connection to open.")
        .between(shortest_wait, 10 * minute)
        .in(buckets),
    row<&Store::request_timeout>({"request_timeout", R"("1m")"}, duration, restart,
                                 "Time one request may go without progress.")
        .between(shortest_wait, 60 * minute)
        .in(buckets),
    row<&Store::join_timeout>({"join_timeout", R"("20m")"}, duration, restart,
                              "Time the store may take to begin its answer to a copy or to the join of a file's parts.")
        .between(shortest_wait, 60 * minute)
        .in(buckets),
    row<&Store::retry_deadline>({"retry_deadline", R"("2m")"}, duration, restart,
                                "Time for all tries of one request together.")
        .between(shortest_wait, 60 * minute)
        .in(buckets),

    row<&User::name>({"name", ""}, text, new_sessions, "The name to log in with."),
    row<&User::password>({"password", ""}, secret, new_sessions,
                         "Hash from gantryd hash-password or crypt(3); plain text works and warns."),
    row<&User::home>({"home", ""}, place, new_sessions,
                     "STORE:/PREFIX that becomes the user's /; %u is the user's name."),
    row<&User::mounts>({"mounts", "{}"}, places, new_sessions, "Other places, by the absolute path they appear at."),
    row<&User::permissions>({"permissions", R"("elradfmwMT")"}, permissions, new_sessions,
                            "e change directory, l list, r read, a append, d delete, f rename, m make directories, "
                            "w store, M change mode, T set times."),
    row<&User::directory_permissions>(
        {"directory_permissions", "{}"}, directory_permissions, new_sessions,
        "Permissions in a directory of the user's tree and below it, instead of those above; the longest path counts."),
    row<&User::delete_enable>(
        {"delete_enable", "true"}, flag, new_sessions,
        "false: nothing that exists is destroyed, neither deleted nor overwritten nor replaced by "
        "a rename, whatever the permissions say."),
    row<&User::deny>({"deny", "[]"}, patterns, new_sessions,
                     "Names that cannot be used, wherever they stand in a path: neither read nor made nor renamed."),
    row<&User::hide>({"hide", "[]"}, patterns, new_sessions,
                     "Names that listings leave out; who knows them may use them."),
    row<&User::quota_bytes>({"quota_bytes", "0"}, bytes, new_sessions, "Bytes the user may store; 0: no limit."),
    row<&User::quota_files>({"quota_files", "0"}, number, new_sessions, "Files the user may store; 0: no limit."),
    row<&User::max_upload>({"max_upload", "0"}, rate, live, "Over all sessions of the user; 0: no limit."),
    row<&User::max_download>({"max_download", "0"}, rate, live, "Over all sessions of the user; 0: no limit."),
    row<&User::max_session_upload>({"max_session_upload", "0"}, rate, live, "For each session; 0: no limit."),
    row<&User::max_session_download>({"max_session_download", "0"}, rate, live, "For each session; 0: no limit."),
    row<&User::max_sessions>({"max_sessions", "0"}, number, new_sessions, "Sessions of the user; 0: no limit.")
        .between(0, million),
    row<&User::administrator>({"administrator", "false"}, flag, new_sessions,
                              "May use the two places beyond server.max_sessions."),
    row<&User::allow_from>({"allow_from", "[]"}, networks, new_sessions,
                           "Networks the user may come from; empty: everywhere."),
    row<&User::require_tls>({"require_tls", "false"}, flag, new_sessions, "Refuse the user without TLS."),
    row<&User::disabled>({"disabled", "false"}, flag, new_sessions, "Refuse every login of the user."),
    row<&User::certificate>({"certificate", R"("")"}, text, new_sessions,
                            "Common name or subject alternative name (DNS, email, URI) of the client certificate that "
                            "lets the user in without a password; empty: none does."),
    row<&User::certificate_and_password>({"certificate_and_password", "false"}, flag, new_sessions,
                                         "true: the certificate does not replace the password, both are needed."),

    row<&Anonymous::enabled>({"enabled", "false"}, flag, new_sessions,
                             "Let in the users anonymous and ftp with any password."),
    row<&Anonymous::home>({"home", R"("")"}, place, new_sessions, "STORE:/PREFIX that becomes their /."),
    row<&Anonymous::permissions>({"permissions", R"("elr")"}, permissions, new_sessions,
                                 "As for users, but only e, l and r: strangers read."),
    row<&Anonymous::drop_box>(
        {"drop_box", R"("")"}, text, new_sessions,
        "Directory of their tree, made when it is missing, that takes new files: nothing in it is "
        "listed, read, continued, replaced or deleted; empty: none."),
    row<&Anonymous::deny>({"deny", "[]"}, patterns, new_sessions, "As for users."),
    row<&Anonymous::hide>({"hide", "[]"}, patterns, new_sessions, "As for users."),
    row<&Anonymous::quota_bytes>({"quota_bytes", "0"}, bytes, new_sessions, "Bytes they may store; 0: no limit."),
    row<&Anonymous::quota_files>({"quota_files", "0"}, number, new_sessions, "Files they may store; 0: no limit."),
    row<&Anonymous::max_upload>({"max_upload", "0"}, rate, new_sessions, "Of all of them together; 0: no limit."),
    row<&Anonymous::max_download>({"max_download", "0"}, rate, new_sessions, "Of all of them together; 0: no limit."),
    row<&Anonymous::max_sessions>({"max_sessions", "0"}, number, new_sessions, "Of all of them together; 0: no limit.")
        .between(0, million),
});

template <class Struct>
void add_changes(std::vector<const Setting*>& changes, const Struct& before, const Struct& after) {
  Struct old_values = before;
  Struct new_values = after;
  for (const Setting& setting : settings_of(table_for<Struct>()))
    if (setting.get(&old_values) != setting.get(&new_values)) changes.push_back(&setting);
}

}  // namespace

std::span<const Setting> settings() { return table; }

std::span<const Setting> settings_of(std::string_view name) {
  const auto belongs = [&](const Setting& setting) { return setting.table == name; };
  const auto first = std::ranges::find_if(table, belongs);
  const auto last = std::find_if_not(first, table.end(), belongs);
  return {first, last};
}

std::string_view table_of(Section section) {
  return std::visit([]<class Struct>(Struct*) { return table_for<Struct>(); }, section);
}

const std::vector<std::string_view>& tables() {
  static const std::vector<std::string_view> names{"server",   "tls", "passwords", "login_hook", "transfer",
                                                   "defender", "log", "store",     "user",       "anonymous"};
  return names;
}

bool repeats(std::string_view name) { return name == "store" || name == "user"; }

std::vector<const Setting*> changed_settings(const Config& before, const Config& after) {
  std::vector<const Setting*> changes;
  add_changes(changes, before.server, after.server);
  add_changes(changes, before.tls, after.tls);
  add_changes(changes, before.passwords, after.passwords);
  add_changes(changes, before.login_hook, after.login_hook);
  add_changes(changes, before.transfer, after.transfer);
  add_changes(changes, before.defender, after.defender);
  add_changes(changes, before.log, after.log);
  add_changes(changes, before.anonymous, after.anonymous);
  return changes;
}

}  // namespace gantry::config
