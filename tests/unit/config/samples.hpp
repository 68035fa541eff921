// A file in which every setting of the table has another value than its default.
#pragma once

#include <string>

namespace gantry::config {

inline const std::string full_sample = R"([server]
listen = ["127.0.0.1:2100", "[::]:0"]
listen_tls = ["0.0.0.0:990"]
masquerade_address = "ftp.example.com"
passive_ports = "50000-50100"
active_mode = false
banner = "Say \"hello\" \\ ü"
welcome = """
Welcome, %u.
Be kind."""
message_file = ".message"
max_sessions = 7
max_sessions_per_ip = 3
max_upload = "100MiB/s"
max_download = "200MiB/s"
max_list_entries = 500
login_timeout = "61s"
idle_timeout = "90s"
data_open_timeout = 11
data_stall_timeout = "1500ms"
max_login_attempts = 4
memory_budget = "64MiB"
lanes = 2
blocking_threads = 3
state = "sqlite:state.db"
admin_socket = "admin.sock"
mode_z = true
host_names = ["ftp.example.com"]

[tls]
certificate = "cert.pem"
key = "key.pem"
required = true
session_reuse = "require"
handshake_timeout = "5s"
client_certificates = "accept"
client_ca = "clients.pem"

[passwords]
memory = "19MiB"
passes = 3
remember = "5m"

[login_hook]
program = "check-login"
url = "https://login.example.com/check"
ca_file = "login-ca.pem"
timeout = "3s"
at_once = 4

[transfer]
interrupted_upload = "keep"
held_upload_ttl = "2d"
verify = "strong"
digests = ["md5", "sha256"]
durability = "none"
max_file_size = "5GB"
part_size = "16MiB"
parts_in_flight = 2

[defender]
enabled = false
threshold = 30
ban_time = "10m"
ban_time_max = "2h"
allow = ["127.0.0.0/8"]
deny = ["192.0.2.0/24"]

[log]
level = "debug"
directory = "logs"
format = "json"
xferlog = true
rotate = "day"
rotate_size = "1MiB"
keep_files = 3

[[store]]
name = "main"
type = "cos"
bucket = "examplebucket-1250000000"
prefix = "ftp"
region = "ap-guangzhou"
endpoint = "https://cos.example.com"
protocol = "http"
internal_endpoint = true
secret_id = "AKIDexample"
secret_key = "cos-key"
session_token = "cos-token"
proxy = "http://me:proxy-password@proxy.example.com:3128"
ca_file = "ca.pem"
verify_certificate = false
max_connections = 5
connect_timeout = "1s"
request_timeout = "2s"
join_timeout = "3m"
retry_deadline = "3s"

[[store]]
name = "other"
type = "s3"
bucket = "b"
endpoint = "http://[::1]:9000"
path_style = true
access_key = "a"
secret_key = "s3-key"

[[store]]
name = "disk"
type = "local"
root = "../data"

[[store]]
name = "scratch"
type = "memory"

[[user]]
name = "alice"
password = "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaAaGFzaAaGFzaAaGFzaAaGFzaAaGFzaAaGFzaAx"
home = "main:/users/%u/"
mounts = { "/archive/" = "disk:/archive", "/a \"b\"" = "other:/" }
permissions = "elr"
directory_permissions = { "/in/" = "ew", "/none" = "" }
delete_enable = false
deny = ["*.exe", ".git"]
hide = [".*"]
quota_bytes = "10GiB"
quota_files = 1000
max_upload = "300KiB/s"
max_download = "1MB/s"
max_session_upload = "30KiB/s"
max_session_download = "100kB/s"
max_sessions = 2
administrator = true
allow_from = ["10.0.0.0/8", "2001:db8::/32"]
require_tls = true
disabled = true
certificate = "alice@example.com"
certificate_and_password = true

[anonymous]
enabled = true
home = "disk:/pub"
permissions = "el"
drop_box = "/incoming/"
deny = ["*.php"]
hide = [".message"]
quota_bytes = "1GiB"
quota_files = 100
max_upload = "1MiB/s"
max_download = "2MiB/s"
max_sessions = 20
)";

}  // namespace gantry::config
