// The immutable configuration of one server, as read and validated from gantry.toml.
// Must not know: how it was read (loader.hpp), what is built from it (server/wire.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace gantry::config {

/// An address to listen on: "0.0.0.0:2121", "[::]:990", "127.0.0.1:0" (0: the system picks).
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;
};

struct PortRange {
  std::uint16_t first = 60000;
  std::uint16_t last = 65535;
  bool operator==(const PortRange&) const = default;
};

struct Server {
  std::vector<ListenAddress> listen{{"0.0.0.0", 2121}};
  std::vector<ListenAddress> listen_tls;
  std::string masquerade_address;  ///< IPv4 or DNS name put into 227 replies; empty: the socket's own
  PortRange passive_ports;
  bool active_mode = true;
  std::string banner = "Gantry ready";
  std::string welcome;               ///< lines said after a login; empty: none
  std::string message_file;          ///< name of the file whose text is said when its directory is entered; empty: none
  std::uint32_t max_sessions = 512;  ///< 0: no limit
  std::uint32_t max_sessions_per_ip = 0;
  std::uint64_t max_upload = 0;  ///< bytes per second of all sessions together; 0: no limit
  std::uint64_t max_download = 0;
  std::uint32_t max_list_entries = 0;  ///< of one listing; 0: all
  Milliseconds login_timeout = Seconds(60);
  Milliseconds idle_timeout = Seconds(300);
  Milliseconds data_open_timeout = Seconds(30);   ///< passive accept or active connect
  Milliseconds data_stall_timeout = Seconds(60);  ///< no byte moves on the data connection
  std::uint32_t max_login_attempts = 3;
  std::uint64_t memory_budget = 0;  ///< bytes in transfer buffers; the loader resolves "25%"
  std::uint32_t lanes = 0;          ///< threads that serve sessions; 0: one a core
  std::uint32_t blocking_threads = 8;
  std::string state = "sqlite:gantry.db";
  std::string admin_socket = "gantryd.sock";  ///< Unix socket for gantryd user, sessions and so on; empty: none
  bool mode_z = false;
  std::vector<std::string> host_names;  ///< accepted by HOST (RFC 7151); empty: every name
  bool operator==(const Server&) const = default;
};

enum class SessionReuse : std::uint8_t { accept, require };
enum class ClientCertificates : std::uint8_t { off, accept, require };

struct Tls {
  std::string certificate;  ///< PEM chain; empty: TLS is off
  std::string key;
  bool required = false;
  SessionReuse session_reuse = SessionReuse::accept;
  Milliseconds handshake_timeout = Seconds(10);
  ClientCertificates client_certificates = ClientCertificates::off;
  std::string client_ca;  ///< PEM; who may have issued them
  bool operator==(const Tls&) const = default;
};

/// What new hashes cost, and how long a password that was right is not hashed again.
struct Passwords {
  std::uint64_t memory = 64 * mib;  ///< of one argon2id hash
  std::uint32_t passes = 2;
  Milliseconds remember = Seconds(60);  ///< 0: every login is hashed
  bool operator==(const Passwords&) const = default;
};

/// Who is asked about users that are not ours: a program or an HTTP server, nobody when both are empty.
struct LoginHook {
  std::string program;
  std::string url;
  std::string ca_file;  ///< PEM, for https; empty: the system's
  Milliseconds timeout = Seconds(10);
  std::uint32_t at_once = 8;
  [[nodiscard]] bool enabled() const { return !program.empty() || !url.empty(); }
  bool operator==(const LoginHook&) const = default;
};

enum class InterruptedUpload : std::uint8_t { hold, keep, discard };
enum class Verify : std::uint8_t { automatic, strong, size };
enum class Durability : std::uint8_t { fsync, none };

struct Transfer {
  InterruptedUpload interrupted_upload = InterruptedUpload::hold;
  Milliseconds held_upload_ttl = std::chrono::hours(24);
  Verify verify = Verify::automatic;
  std::vector<std::string> digests{"crc64"};
  Durability durability = Durability::fsync;
  std::uint64_t max_file_size = 0;  ///< bytes; 0: the store's own limit
  std::uint64_t part_size = 8 * mib;
  std::uint32_t parts_in_flight = 4;
  bool operator==(const Transfer&) const = default;
};

using LogRotation = log::Rotation;

struct Log {
  log::Level level = log::Level::info;
  std::string directory = "log";
  log::Format format = log::Format::text;
  bool xferlog = false;
  LogRotation rotate = LogRotation::size;
  std::uint64_t rotate_size = 64 * mib;
  std::uint32_t keep_files = 10;  ///< 0: all
  bool operator==(const Log&) const = default;
};

enum class Protocol : std::uint8_t { https, http };

enum class StoreType : std::uint8_t { memory, local, s3, cos };

struct Store {
  std::string name;
  StoreType type = StoreType::local;
  std::string root;  ///< local only
  std::string bucket;
  std::string prefix;  ///< keys of this store all begin with it; empty or ends in '/'
  std::string region;
  std::string endpoint;                 ///< scheme://host[:port]; empty: made from bucket and region
  Protocol protocol = Protocol::https;  ///< without an endpoint
  bool path_style = false;
  bool internal_endpoint = false;  ///< cos: the endpoint inside Tencent's network
  std::string access_key;
  Secret secret_key;
  Secret session_token;
  std::string proxy;    ///< http://[user:pass@]host:port; empty: the environment's https_proxy/http_proxy
  std::string ca_file;  ///< PEM; empty: the system's
  bool verify_certificate = true;
  std::uint32_t max_connections = 64;  ///< per lane
  Milliseconds connect_timeout = Seconds(10);
  Milliseconds request_timeout = Seconds(60);  ///< one request without progress
  Milliseconds join_timeout = Seconds(1200);   ///< the answer to a copy or a join of parts
  Milliseconds retry_deadline = Seconds(120);  ///< all tries of one request together
  bool operator==(const Store&) const = default;
};

/// Where a path of the user leads: a store and a prefix in it.
struct Mount {
  std::string store;
  std::string prefix;  ///< absolute, "/" for all; %u is the user's name
  bool operator==(const Mount&) const = default;
};

struct User {
  std::string name;
  Secret password;  ///< $argon2id$..., crypt(3) hash or plain text
  Mount home;
  std::map<std::string, Mount> mounts;  ///< absolute FTP path -> place
  std::string permissions = "elradfmwMT";
  std::map<std::string, std::string> directory_permissions;  ///< absolute FTP path -> letters in it and below
  bool delete_enable = true;      ///< false: nothing that exists may be destroyed, whatever the permissions say
  std::vector<std::string> deny;  ///< patterns of names that cannot be used
  std::vector<std::string> hide;  ///< patterns of names that listings leave out
  std::uint64_t quota_bytes = 0;
  std::uint64_t quota_files = 0;
  std::uint64_t max_upload = 0;  ///< bytes per second of all the user's sessions together; 0: no limit
  std::uint64_t max_download = 0;
  std::uint64_t max_session_upload = 0;  ///< of each
  std::uint64_t max_session_download = 0;
  std::uint32_t max_sessions = 0;
  bool administrator = false;           ///< may use the places beyond server.max_sessions
  std::vector<std::string> allow_from;  ///< CIDR; empty: from everywhere
  bool require_tls = false;
  bool disabled = false;
  std::string certificate;                ///< a name in the client's certificate that takes the password's place
  bool certificate_and_password = false;  ///< the certificate does not replace the password: both are needed
  bool operator==(const User&) const = default;
};

struct Anonymous {
  bool enabled = false;
  Mount home;
  std::string permissions = "elr";
  std::string drop_box;  ///< absolute FTP path of the directory that takes uploads; empty: none
  std::vector<std::string> deny;
  std::vector<std::string> hide;
  std::uint64_t quota_bytes = 0;
  std::uint64_t quota_files = 0;
  std::uint64_t max_upload = 0;  ///< bytes per second over all anonymous sessions, 0: no limit
  std::uint64_t max_download = 0;
  std::uint32_t max_sessions = 0;
  bool operator==(const Anonymous&) const = default;
};

struct Defender {
  bool enabled = true;
  std::uint32_t threshold = 12;  ///< points
  Milliseconds ban_time = std::chrono::minutes(5);
  Milliseconds ban_time_max = std::chrono::hours(24);
  std::vector<std::string> allow;  ///< CIDR
  std::vector<std::string> deny;   ///< CIDR
  bool operator==(const Defender&) const = default;
};

struct Config {
  std::string source;  ///< the file's name, for messages
  Server server;
  Tls tls;
  Passwords passwords;
  LoginHook login_hook;
  Transfer transfer;
  Defender defender;
  Log log;
  std::vector<Store> stores;
  std::vector<User> users;
  Anonymous anonymous;
  bool operator==(const Config&) const = default;
};

}  // namespace gantry::config
