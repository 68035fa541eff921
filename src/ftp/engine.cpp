#include "ftp/engine.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "base/text.hpp"
#include "ftp/curl_failure.hpp"
#include "ftp/drive.hpp"

namespace gantry::ftp {
namespace {

/// Commands that change nothing, or the same when they come twice.
constexpr std::array<std::string_view, 37> harmless{
    "AUTH", "PBSZ", "PROT", "USER", "PASS", "FEAT", "OPTS",  "CLNT",    "NOOP",    "SYST", "PWD",  "CWD",  "TYPE",
    "PASV", "EPSV", "PORT", "EPRT", "REST", "RANG", "SIZE",  "MDTM",    "MLST",    "STAT", "MLSD", "LIST", "NLST",
    "RETR", "HASH", "MD5",  "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512", "MFMT", "RNFR"};

constexpr Milliseconds goodbye_limit = Seconds(2);
constexpr Milliseconds drain_limit = Seconds(5);

bool is_harmless(std::string_view command) {
  const std::string verb = to_upper(command.substr(0, command.find(' ')));
  return command.empty() || std::ranges::find(harmless, verb) != harmless.end();
}

void start_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

long whole_seconds(Milliseconds time) {
  return static_cast<long>(std::chrono::ceil<Seconds>(std::max(time, Milliseconds(1000))).count());
}

int port_of_peer(curl_socket_t socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return 0;
  if (peer.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(peer).sin6_port);
  return peer.ss_family == AF_INET ? ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port) : 0;
}

/// Reads and drops what comes until the other side has closed, too.
void drain(curl_socket_t socket, Milliseconds limit) {
  ::shutdown(socket, SHUT_WR);
  const auto end = std::chrono::steady_clock::now() + limit;
  std::array<char, 4096> dropped{};
  for (auto now = end - limit; now < end; now = std::chrono::steady_clock::now()) {
    pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
    const auto left = std::chrono::ceil<Milliseconds>(end - now).count();
    if (::poll(&ready, 1, static_cast<int>(left)) < 0 && errno != EINTR) return;
    const ssize_t got = ::recv(socket, dropped.data(), dropped.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
  }
}

/// Without what must not be printed.
std::string shown(std::string_view command) {
  const bool secret = command.starts_with("PASS") || command.starts_with("ACCT");
  return escape_control(secret ? command.substr(0, 4) : command);
}

/// As vsftpd (522) and ProFTPD (425) refuse a data connection without the session they want.
bool refuses_data(const Reply& answer) { return answer.code == 425 || answer.code == 522; }

}  // namespace

Engine::Engine(Site site, ConnectionOptions options)
    : site_(std::move(site)), options_(std::move(options)), transcript_(options_.trace), certificate_(site_, options_) {
  start_curl_once();
  start_handles();
}

Engine::~Engine() { end_handles(); }

void Engine::start_handles() {
  multi_ = curl_multi_init();
  easy_ = curl_easy_init();
}

void Engine::end_handles() {
  // libcurl says QUIT and waits two minutes for the answer; so it finds the end at once.
  if (const curl_socket_t socket = control_socket(); socket != CURL_SOCKET_BAD) ::shutdown(socket, SHUT_RD);
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
  drop_lists();
}

void Engine::hang_up() {
  end_handles();
  start_handles();
}

int Engine::on_debug(CURL* /*handle*/, curl_infotype type, char* data, std::size_t size, void* self) {
  auto& engine = *static_cast<Engine*>(self);
  if (type != CURLINFO_HEADER_OUT) return 0;
  engine.last_event_ = Clock::now();
  engine.transcript_.sent({data, size});
  return 0;
}

std::size_t Engine::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& engine = *static_cast<Engine*>(self);
  engine.last_event_ = Clock::now();
  return engine.transcript_.received({data, size * count}) ? size * count : 0;
}

int Engine::on_progress(void* self, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
  auto& engine = *static_cast<Engine*>(self);
  if (down + up != engine.moved_) engine.last_event_ = Clock::now();
  engine.moved_ = down + up;
  return engine.stopped() || !engine.in_time() ? 1 : 0;
}

std::size_t Engine::on_data(char* data, std::size_t size, std::size_t count, void* self) {
  auto& engine = *static_cast<Engine*>(self);
  if (engine.stopped()) return CURL_WRITEFUNC_ERROR;
  if (engine.sink_ == nullptr) return size * count;
  engine.moved_ = std::max<curl_off_t>(engine.moved_, 1);
  if (auto taken = (*engine.sink_)(std::as_bytes(std::span(data, size * count))); !taken) {
    engine.own_failure_ = taken.error();
    return CURL_WRITEFUNC_ERROR;
  }
  engine.last_event_ = Clock::now();
  return size * count;
}

std::size_t Engine::on_want_data(char* data, std::size_t size, std::size_t count, void* self) {
  auto& engine = *static_cast<Engine*>(self);
  if (engine.stopped()) return CURL_READFUNC_ABORT;
  auto filled = (*engine.source_)(std::as_writable_bytes(std::span(data, size * count)));
  if (!filled) {
    engine.own_failure_ = filled.error();
    return CURL_READFUNC_ABORT;
  }
  engine.last_event_ = Clock::now();
  engine.moved_ = std::max<curl_off_t>(engine.moved_, 1);
  if (*filled > 0) return *filled;
  engine.all_sent_ = true;
  if (engine.sent_all_ != nullptr && *engine.sent_all_) (*engine.sent_all_)();
  return 0;
}

curl_socket_t Engine::on_open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& engine = *static_cast<Engine*>(self);
  const curl_socket_t socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  engine.sockets_.push_back(socket);
  return socket;
}

int Engine::on_close_socket(void* self, curl_socket_t socket) {
  auto& engine = *static_cast<Engine*>(self);
  std::erase(engine.sockets_, socket);
  // Servers send session tickets on data connections. Closing with one unread resets the connection, and the end of the
  // upload is lost with what the server has not read yet.
  if (engine.all_sent_ && port_of_peer(socket) != control_port(engine.site_)) drain(socket, drain_limit);
  return ::close(socket);
}

CURLcode Engine::on_tls(CURL* /*handle*/, void* context, void* self) {
  auto& engine = *static_cast<Engine*>(self);
  const std::string_view command = engine.transcript_.command();
  const bool control = engine.transcript_.silent() || command.starts_with("AUTH");
  engine.certificate_.install(static_cast<SSL_CTX*>(context), !control);
  return CURLE_OK;
}

bool Engine::stopped() {
  if (options_.stop == nullptr || !options_.stop->load()) return false;
  own_failure_ = Failure{.why = Why::cancelled, .text = "stopped"};
  return true;
}

Engine::Wait Engine::wait() const {
  if (transcript_.leaving()) return Wait::goodbye;
  if (transcript_.silent()) {
    curl_off_t connected = 0;
    curl_easy_getinfo(easy_, CURLINFO_CONNECT_TIME_T, &connected);
    return connected > 0 ? Wait::greeting : Wait::connect;
  }
  const Reply* answer = transcript_.answer();
  if (answer == nullptr) return transcript_.command().empty() ? Wait::greeting : Wait::reply;
  if (answer->code < 200) return all_sent_ ? Wait::confirmation : Wait::data;
  if (moved_ > 0) return Wait::data;
  return transcript_.command().starts_with("AUTH") ? Wait::handshake : Wait::data_connection;
}

Milliseconds Engine::limit_of(Wait wait) const {
  switch (wait) {
    case Wait::connect:
    case Wait::handshake:
    case Wait::data_connection:
      return options_.connect_timeout;
    case Wait::greeting:
      return options_.reply_timeout;
    case Wait::reply:
      return reply_limit_;
    case Wait::data:
      return options_.stall_timeout;
    case Wait::confirmation:
      return options_.final_timeout;
    case Wait::goodbye:
      break;
  }
  return goodbye_limit;
}

std::string Engine::late(Wait wait) const {
  const std::string server = address_of(site_);
  const std::string time = exact_duration(limit_of(wait));
  switch (wait) {
    case Wait::connect:
      return fmt::format("no connection to {} within {}", server, time);
    case Wait::greeting:
      return fmt::format("{} takes connections, but sent no greeting within {}", server, time);
    case Wait::reply:
      return fmt::format("{} did not answer {} within {}", server, shown(transcript_.command()), time);
    case Wait::handshake:
      return fmt::format("the TLS handshake with {} did not end within {}", server, time);
    case Wait::data_connection:
      return fmt::format("no data connection to {} within {}; a firewall may close the ports behind {}", server, time,
                         shown(transcript_.command()));
    case Wait::data:
      return fmt::format("no byte moved for {} ({})", time, shown(transcript_.command()));
    case Wait::confirmation:
      return fmt::format("all bytes are sent, but {} did not confirm them within {}", server, time);
    case Wait::goodbye:
      break;
  }
  return "closed";
}

bool Engine::in_time() {
  const Wait now_for = wait();
  if (Clock::now() - last_event_ < limit_of(now_for)) return true;
  // A goodbye without an answer changes nothing about how the operation ended.
  if (now_for != Wait::goodbye && !own_failure_)
    own_failure_ = Failure{.why = Why::network, .text = late(now_for), .again = true};
  lost_ = true;
  return false;
}

std::string Engine::url_of(std::string_view path) const {
  std::string url = fmt::format("{}://{}/", site_.security == Security::implicit ? "ftps" : "ftp", address_of(site_));
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte) != 0) || c == '-' || c == '.' || c == '_' || c == '~';
    // The leading slash as %2F: RFC 1738 takes what follows the host's slash as relative to the home.
    if (plain || (c == '/' && url.back() != '/'))
      url += c;
    else
      url += fmt::format("%{:02X}", byte);
  }
  return url;
}

void Engine::drop_lists() {
  for (curl_slist* list : lists_) curl_slist_free_all(list);
  lists_.clear();
}

void Engine::prepare(std::string_view path) {
  curl_easy_reset(easy_);
  drop_lists();
  transcript_.begin();
  certificate_.begin();
  own_failure_.reset();
  sink_ = nullptr;
  source_ = nullptr;
  sent_all_ = nullptr;
  moved_ = 0;
  all_sent_ = false;
  lost_ = false;
  reply_limit_ = options_.reply_timeout;
  error_text_[0] = 0;
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_URL, url_of(path).c_str());
  set(CURLOPT_PROTOCOLS_STR, "ftp,ftps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_FTP_FILEMETHOD, static_cast<long>(CURLFTPMETHOD_NOCWD));
  set(CURLOPT_USERNAME, site_.user.empty() ? "anonymous" : site_.user.c_str());
  set(CURLOPT_PASSWORD, site_.user.empty() && site_.password.empty() ? "gantry@" : site_.password.reveal().c_str());
  if (options_.active) set(CURLOPT_FTPPORT, "-");
  set(CURLOPT_FTP_SKIP_PASV_IP, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set_security();
  set_callbacks();
}

void Engine::set_security() {
  set(CURLOPT_USE_SSL, static_cast<long>(site_.security == Security::off ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  set(CURLOPT_FTPSSLAUTH, static_cast<long>(CURLFTPAUTH_TLS));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2) |
                              (sessions_run_out_ ? static_cast<long>(CURL_SSLVERSION_MAX_TLSv1_2) : 0L));
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  // certificate_ compares the name, too: what is known or pinned may be trusted under another one.
  set(CURLOPT_SSL_VERIFYHOST, 0L);
  set(CURLOPT_SSL_CTX_FUNCTION, &Engine::on_tls);
  set(CURLOPT_SSL_CTX_DATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &Engine::on_open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_CLOSESOCKETFUNCTION, &Engine::on_close_socket);
  set(CURLOPT_CLOSESOCKETDATA, this);
}

void Engine::set_callbacks() {
  set(CURLOPT_VERBOSE, 1L);
  set(CURLOPT_DEBUGFUNCTION, &Engine::on_debug);
  set(CURLOPT_DEBUGDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Engine::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Engine::on_data);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Engine::on_progress);
  set(CURLOPT_XFERINFODATA, this);
}

void Engine::set_list(CURLoption option, const std::vector<std::string>& commands, const char* prefix) {
  curl_slist* list = nullptr;
  for (const std::string& line : commands) list = curl_slist_append(list, (prefix + line).c_str());
  if (list == nullptr) return;
  lists_.push_back(list);
  set(option, list);
}

void Engine::set_commands(const std::vector<std::string>& commands, Milliseconds limit) {
  set(CURLOPT_NOBODY, 1L);
  set_list(CURLOPT_QUOTE, commands, "*");
  reply_limit_ = limit;
}

void Engine::set_before(const std::vector<std::string>& commands) { set_list(CURLOPT_PREQUOTE, commands, ""); }

void Engine::set_source(const Source& source, const std::function<void()>& sent_all) {
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &Engine::on_want_data);
  set(CURLOPT_READDATA, this);
  source_ = &source;
  sent_all_ = &sent_all;
}

Outcome<void> Engine::perform() {
  // in_time() watches every wait by what it is for; libcurl's own limits are behind it, for where it does not ask.
  const Milliseconds longest = std::max({reply_limit_, options_.final_timeout, options_.reply_timeout});
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, whole_seconds(longest + Seconds(5)));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>((options_.connect_timeout + 6 * options_.reply_timeout).count()));
  last_event_ = Clock::now();
  const CURLcode code = drive(multi_, easy_);
  if (code == CURLE_OK) return {};
  lost_ = lost_ || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
          code == CURLE_OPERATION_TIMEDOUT;
  Failure failure = own_failure_ ? *own_failure_ : explain(code);
  const Reply* answer = transcript_.answer();
  failure.unconfirmed = all_sent_ && (answer == nullptr || answer->code < 200);
  if (failure.unconfirmed && !own_failure_)
    failure.text = fmt::format("all bytes are sent, but {} did not confirm them: {}", address_of(site_), failure.text);
  // A server that wants the control connection's TLS session on data connections takes a ticket of TLS 1.3 once, and
  // uploads bring no new one. A session of TLS 1.2 may be used again and again.
  if (site_.security != Security::off && !sessions_run_out_ && answer != nullptr && refuses_data(*answer)) {
    sessions_run_out_ = true;
    failure.again = true;
    hang_up();
    return failed(std::move(failure));
  }
  const Reply* refusal_then = transcript_.refusal();
  if (failure.why == Why::network && refusal_then != nullptr && !own_failure_) {
    // A server that refuses closes the data connection. Seeing that first, libcurl asks for another one and takes the
    // refusal for the answer to that.
    failure = refusal(*refusal_then);
    hang_up();
  } else if (failure.why != Why::refused) {
    // After anything but a plain refusal a reply may still be on its way, and would pass for the answer to the next.
    hang_up();
  }
  return failed(std::move(failure));
}

Failure Engine::explain(CURLcode code) const {
  if (certificate_.failure()) return *certificate_.failure();
  if (transcript_.too_much())
    return {
        .why = Why::network,
        .text = fmt::format("the server sent more than {} of replies; given up", format_bytes(Transcript::max_bytes))};
  const bool before_login = transcript_.connected_anew() && !transcript_.logged_in();
  const Reply* answer = transcript_.answer();
  if (code == CURLE_USE_SSL_FAILED && (answer == nullptr || answer->code >= 500)) {
    const std::string reply = answer == nullptr ? std::string() : fmt::format(" ({})", answer->text());
    if (transcript_.command().starts_with("AUTH"))
      return {.why = Why::tls,
              .text = fmt::format("{} offers no TLS{}; --plain sends the password readable to everybody on the way",
                                  address_of(site_), reply)};
    return {.why = Why::tls,
            .text = fmt::format("{} does not protect the data connections{}", address_of(site_), reply)};
  }
  return failure_of(code, error_text_.data(), answer, before_login);
}

curl_socket_t Engine::control_socket() const {
  const auto found = std::ranges::find(sockets_, static_cast<int>(control_port(site_)),
                                       [](curl_socket_t socket) { return port_of_peer(socket); });
  return found == sockets_.end() ? CURL_SOCKET_BAD : *found;
}

bool Engine::alive() const {
  const curl_socket_t socket = control_socket();
  if (socket == CURL_SOCKET_BAD) return false;
  char next = 0;
  const ssize_t got = ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  // What a server says unasked is its goodbye; under TLS it may be a session ticket as well.
  return got > 0 && site_.security != Security::off;
}

bool Engine::may_repeat() const {
  if (transcript_.connected_anew() || moved_ > 0 || (options_.stop != nullptr && options_.stop->load())) return false;
  const Reply* answer = transcript_.answer();
  if (answer != nullptr) return answer->code == 421;
  return lost_ && !own_failure_ && is_harmless(transcript_.command());
}

std::string Engine::entry_path() const {
  char* entry = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_FTP_ENTRY_PATH, &entry);
  return entry == nullptr ? std::string() : entry;
}

}  // namespace gantry::ftp
