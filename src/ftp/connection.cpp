#include "ftp/connection.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "base/text.hpp"
#include "ftp/checksums.hpp"
#include "ftp/curl_failure.hpp"
#include "ftp/drive.hpp"
#include "ftp/transcript.hpp"
#include "proto/time_text.hpp"

namespace gantry::ftp {
namespace {

constexpr int not_found = 550;
constexpr int not_implemented = 502;
constexpr std::uint64_t slowest_hash = 4 * mib;  // bytes a second, of stores that have to be read for it
constexpr std::size_t longest_command = 4096;    // what most servers read

void start_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

std::string Reply::text() const {
  return fmt::format("{} {}", code, lines.empty() ? std::string() : escape_control(lines.back()));
}

Features::Features(const Reply& reply) {
  if (reply.code != 211) return;
  for (std::size_t i = 1; i + 1 < reply.lines.size(); ++i) {
    const std::string_view line = trim(reply.lines[i]);
    const std::size_t blank = line.find(' ');
    const std::string_view rest = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    lines_.emplace_back(to_upper(line.substr(0, blank)), rest);
  }
}

bool Features::has(std::string_view name) const {
  return std::ranges::any_of(lines_, [&](const auto& line) { return line.first == name; });
}

std::string Features::parameters(std::string_view name) const {
  const auto line = std::ranges::find(lines_, name, &std::pair<std::string, std::string>::first);
  return line == lines_.end() ? std::string() : line->second;
}

/// One operation at a time; the handle keeps the connection between them.
struct Connection::Impl {
  Impl(Site where, ConnectionOptions wishes)
      : site(std::move(where)), options(std::move(wishes)), transcript(options.trace) {
    start_curl_once();
    start_handles();
  }
  ~Impl() { end_handles(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start_handles() {
    multi = curl_multi_init();
    easy = curl_easy_init();
  }
  void end_handles() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy, option, value);
  }

  [[nodiscard]] std::string url_of(std::string_view path) const;
  void prepare(std::string_view path);
  Outcome<void> perform();
  Outcome<void> quote(const std::vector<std::string>& commands, Milliseconds limit);

  static int on_debug(CURL* handle, curl_infotype type, char* data, std::size_t size, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_want_data(char* data, std::size_t size, std::size_t count, void* self);

  Site site;
  ConnectionOptions options;
  Transcript transcript;
  CURLM* multi = nullptr;  ///< keeps the connection between operations
  CURL* easy = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  Features features;
  std::string home = "/";
  std::string selected_hash;  ///< by OPTS HASH or by default
  bool opened = false;

  // Of the running operation.
  const Sink* sink = nullptr;
  const Source* source = nullptr;
  const std::function<void()>* sent_all = nullptr;
  std::optional<Failure> own_failure;  ///< of the sink or the source
};

int Connection::Impl::on_debug(CURL* /*handle*/, curl_infotype type, char* data, std::size_t size, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  if (type == CURLINFO_HEADER_OUT) impl.transcript.sent({data, size});
  return 0;
}

std::size_t Connection::Impl::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  return impl.transcript.received({data, size * count}) ? size * count : 0;
}

int Connection::Impl::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& impl = *static_cast<Impl*>(self);
  return impl.options.stop != nullptr && impl.options.stop->load() ? 1 : 0;
}

std::size_t Connection::Impl::on_data(char* data, std::size_t size, std::size_t count, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  if (impl.sink == nullptr) return size * count;
  if (auto taken = (*impl.sink)(std::as_bytes(std::span(data, size * count))); !taken) {
    impl.own_failure = taken.error();
    return CURL_WRITEFUNC_ERROR;
  }
  return size * count;
}

std::size_t Connection::Impl::on_want_data(char* data, std::size_t size, std::size_t count, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  auto filled = (*impl.source)(std::as_writable_bytes(std::span(data, size * count)));
  if (!filled) {
    impl.own_failure = filled.error();
    return CURL_READFUNC_ABORT;
  }
  if (*filled == 0 && impl.sent_all != nullptr && *impl.sent_all) (*impl.sent_all)();
  return *filled;
}

std::string Connection::Impl::url_of(std::string_view path) const {
  std::string url = fmt::format("{}://{}", site.security == Security::implicit ? "ftps" : "ftp",
                                site.host.contains(':') ? "[" + site.host + "]" : site.host);
  if (site.port != 0) url += fmt::format(":{}", site.port);
  url += '/';
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

void Connection::Impl::prepare(std::string_view path) {
  curl_easy_reset(easy);
  transcript.begin();
  own_failure.reset();
  sink = nullptr;
  source = nullptr;
  sent_all = nullptr;
  error_text[0] = 0;
  set(CURLOPT_ERRORBUFFER, error_text.data());
  set(CURLOPT_URL, url_of(path).c_str());
  set(CURLOPT_PROTOCOLS_STR, "ftp,ftps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_FTP_FILEMETHOD, static_cast<long>(CURLFTPMETHOD_NOCWD));
  set(CURLOPT_USERNAME, site.user.empty() ? "anonymous" : site.user.c_str());
  set(CURLOPT_PASSWORD, site.user.empty() && site.password.empty() ? "gantry@" : site.password.reveal().c_str());
  set(CURLOPT_USE_SSL, static_cast<long>(site.security == Security::off ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  set(CURLOPT_FTPSSLAUTH, static_cast<long>(CURLFTPAUTH_TLS));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.pinned_key.empty()) set(CURLOPT_PINNEDPUBLICKEY, options.pinned_key.c_str());
  if (options.active) set(CURLOPT_FTPPORT, "-");
  set(CURLOPT_FTP_SKIP_PASV_IP, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT,
      static_cast<long>(std::max<std::int64_t>(options.reply_timeout.count() / 1000, 1)));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(std::max<std::int64_t>(options.stall_timeout.count() / 1000, 1)));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_VERBOSE, 1L);
  set(CURLOPT_DEBUGFUNCTION, &Impl::on_debug);
  set(CURLOPT_DEBUGDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Impl::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Impl::on_data);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Impl::on_progress);
  set(CURLOPT_XFERINFODATA, this);
}

Outcome<void> Connection::Impl::perform() {
  const CURLcode code = drive(multi, easy);
  if (own_failure) return failed(*own_failure);
  if (code == CURLE_OK) return {};
  if (transcript.too_much())
    return failed(Why::network, fmt::format("the server sent more than {} of replies; given up",
                                            format_bytes(Transcript::max_bytes)));
  Failure failure = failure_of(code, error_text.data(), transcript.last());
  const Reply* refusal = transcript.refusal();
  if (failure.why != Why::network || refusal == nullptr) return failed(std::move(failure));
  // A server that refuses closes the data connection. Seeing that first, libcurl asks for another one and takes the
  // refusal for the answer; what follows on this connection would be answers to other questions.
  curl_easy_cleanup(easy);
  easy = curl_easy_init();
  return failed({.why = Why::refused, .text = refusal->text(), .reply = refusal->code});
}

/// Runs commands without a data connection; a negative reply to one is not a failure here.
Outcome<void> Connection::Impl::quote(const std::vector<std::string>& commands, Milliseconds limit) {
  prepare("");
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(std::max<std::int64_t>(limit.count() / 1000, 1)));
  set(CURLOPT_NOBODY, 1L);
  curl_slist* list = nullptr;
  for (const std::string& line : commands) list = curl_slist_append(list, ("*" + line).c_str());
  set(CURLOPT_QUOTE, list);
  auto done = perform();
  set(CURLOPT_QUOTE, nullptr);
  curl_slist_free_all(list);
  return done;
}

Connection::Connection(Site site, ConnectionOptions options)
    : impl_(std::make_unique<Impl>(std::move(site), std::move(options))) {}
Connection::~Connection() = default;

Outcome<void> Connection::open() {
  if (impl_->opened) return {};
  if (auto done = impl_->quote({"FEAT"}, impl_->options.reply_timeout); !done) return done;
  if (const Reply* reply = impl_->transcript.reply_to("FEAT")) impl_->features = Features(*reply);
  impl_->selected_hash = default_hash(impl_->features);
  char* entry = nullptr;
  curl_easy_getinfo(impl_->easy, CURLINFO_FTP_ENTRY_PATH, &entry);
  if (entry != nullptr && *entry == '/' && !has_control(entry)) impl_->home = entry;
  impl_->opened = true;
  return {};
}

void Connection::close() {
  impl_->end_handles();
  impl_->start_handles();
  impl_->opened = false;
}

const Site& Connection::site() const { return impl_->site; }
const Features& Connection::features() const { return impl_->features; }
const std::string& Connection::home() const { return impl_->home; }

Outcome<Reply> Connection::command(const std::string& line) {
  if (has_control(line) || line.empty()) return failed(Why::usage, "a command must not have control characters");
  if (line.size() > longest_command) return failed(Why::usage, "the command is longer than servers read");
  if (auto ready = open(); !ready) return failed(ready.error());
  if (auto done = impl_->quote({line}, impl_->options.reply_timeout); !done) return failed(done.error());
  const Reply* reply = impl_->transcript.reply_to(line);
  if (reply == nullptr) return failed(Why::network, "the server did not answer " + escape_control(line));
  return *reply;
}

Outcome<Reply> Connection::demand(const std::string& line) {
  auto reply = command(line);
  if (!reply || reply->positive()) return reply;
  return failed({.why = Why::refused, .text = reply->text(), .reply = reply->code, .again = reply->code < 500});
}

Outcome<std::vector<Entry>> Connection::list(const std::string& directory, std::size_t* unsafe) {
  if (auto ready = open(); !ready) return failed(ready.error());
  const bool facts = features().has("MLST");
  impl_->prepare(directory.ends_with('/') ? directory : directory + "/");
  // LIST with an argument means other things to other servers (options, patterns): they are sent into the directory.
  if (facts)
    impl_->set(CURLOPT_CUSTOMREQUEST, "MLSD");
  else
    impl_->set(CURLOPT_FTP_FILEMETHOD, static_cast<long>(CURLFTPMETHOD_SINGLECWD));
  std::string text;
  const Sink collect = [&](ByteView bytes) -> Outcome<void> {
    if (text.size() + bytes.size() > impl_->options.max_listing)
      return failed(Why::network,
                    fmt::format("the listing is longer than {}; given up", format_bytes(impl_->options.max_listing)));
    text.append(as_text(bytes));
    return {};
  };
  impl_->sink = &collect;
  if (auto done = impl_->perform(); !done) return failed(done.error());
  // libcurl takes 450 for an empty directory, but servers say it of one that they cannot read now.
  if (const Reply* reply = impl_->transcript.last(); reply != nullptr && !reply->positive())
    return failed({.why = Why::refused, .text = reply->text(), .reply = reply->code, .again = reply->code < 500});
  std::vector<Entry> entries;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    auto entry = facts ? parse_facts(line) : parse_list_line(line, wall_now());
    if (!entry || entry->name == "." || entry->name == "..") continue;
    if (is_safe_name(entry->name))
      entries.push_back(std::move(*entry));
    else if (unsafe != nullptr)
      ++*unsafe;
  }
  return entries;
}

Outcome<Entry> Connection::stat(const std::string& path) {
  if (auto ready = open(); !ready) return failed(ready.error());
  const std::string name = path.substr(path.rfind('/') + 1);
  if (features().has("MLST")) {
    auto reply = demand("MLST " + path);
    if (!reply) return failed(reply.error());
    for (const std::string& line : reply->lines) {
      auto entry = line.starts_with(' ') ? parse_facts(line.substr(1)) : std::nullopt;
      if (!entry) continue;
      entry->name = name;
      return *entry;
    }
    return failed(Why::network, "the server's answer to MLST has no facts");
  }
  if (path == "/") return Entry{.name = "", .kind = Kind::directory};
  auto entries = list(path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)));
  if (!entries) return failed(entries.error());
  const auto found = std::ranges::find(*entries, name, &Entry::name);
  if (found == entries->end())
    return failed(
        {.why = Why::refused, .text = escape_control(path) + ": no such file or directory", .reply = not_found});
  return *found;
}

Outcome<std::uint64_t> Connection::size(const std::string& path) {
  auto reply = demand("SIZE " + path);
  if (!reply) return failed(reply.error());
  const auto size = parse_number(trim(reply->lines.back()));
  if (!size) return failed(Why::network, "the server's answer to SIZE is no number: " + reply->text());
  return *size;
}

std::vector<digest::Algorithm> Connection::checksum_algorithms() const {
  std::vector<digest::Algorithm> algorithms;
  for (const ChecksumWay& way : checksum_ways(features())) algorithms.push_back(way.algorithm);
  return algorithms;
}

Outcome<Checksum> Connection::hash(const std::string& path, digest::Algorithm algorithm, ByteRange range,
                                   std::optional<std::uint64_t> size) {
  if (auto ready = open(); !ready) return failed(ready.error());
  const auto ways = checksum_ways(features());
  const auto way = std::ranges::find(ways, algorithm, &ChecksumWay::algorithm);
  if (way == ways.end())
    return failed({.why = Why::refused,
                   .text = fmt::format("the server has no checksum {}", digest::name(algorithm)),
                   .reply = not_implemented});
  if (!size && range.length == ByteRange::unbounded) {
    auto told = this->size(path);
    if (!told) return failed(told.error());
    size = *told;
  }
  if (size && range.offset <= *size) range.length = std::min(range.length, *size - range.offset);
  const std::uint64_t to_read = range.length;
  if (range.offset == 0 && range.length == size) range = {};
  if (!range.whole() && !way->ranges)
    return failed(
        {.why = Why::refused, .text = "the server has checksums of whole files only", .reply = not_implemented});

  std::vector<std::string> commands;
  if (way->style == ChecksumStyle::hash && way->name != impl_->selected_hash)
    commands.push_back("OPTS HASH " + way->name);
  if (way->style == ChecksumStyle::hash && !range.whole())
    commands.push_back(fmt::format("RANG {} {}", range.offset, range.offset + range.length - 1));
  const std::string question = checksum_command(*way, path, range);
  commands.push_back(question);
  const Milliseconds limit = impl_->options.reply_timeout + Seconds(to_read / slowest_hash);
  if (auto done = impl_->quote(commands, limit); !done) return failed(done.error());
  if (way->style == ChecksumStyle::hash) impl_->selected_hash = way->name;
  const Reply* reply = impl_->transcript.reply_to(question);
  if (reply == nullptr) return failed(Why::network, "the server did not answer " + escape_control(question));
  if (!reply->positive())
    return failed({.why = Why::refused, .text = reply->text(), .reply = reply->code, .again = reply->code < 500});
  auto hex = parse_checksum(*way, range, *reply);
  if (!hex) return failed(Why::network, "the server's answer has no checksum as asked for: " + reply->text());
  return Checksum{algorithm, std::move(*hex)};
}

Outcome<void> Connection::set_modified(const std::string& path, WallTime time) {
  if (auto ready = open(); !ready) return ready;
  if (!features().has("MFMT"))
    return failed({.why = Why::refused, .text = "the server cannot set times (no MFMT)", .reply = not_implemented});
  auto done = demand(fmt::format("MFMT {} {}", proto::format_time_val(std::chrono::floor<Seconds>(time)), path));
  return done ? Outcome<void>() : failed(done.error());
}

Outcome<void> Connection::rename(const std::string& from, const std::string& to) {
  if (auto ready = demand("RNFR " + from); !ready) return failed(ready.error());
  auto done = demand("RNTO " + to);
  return done ? Outcome<void>() : failed(done.error());
}

bool Connection::restarts() const { return to_upper(features().parameters("REST")).starts_with("STREAM"); }

Outcome<void> Connection::keep_alive() {
  auto done = command("NOOP");
  return done ? Outcome<void>() : failed(done.error());
}

Outcome<void> Connection::receive(const std::string& path, std::uint64_t offset, std::optional<std::uint64_t> length,
                                  const Sink& sink) {
  if (auto ready = open(); !ready) return ready;
  impl_->prepare(path);
  std::string range;
  if (length) {
    range = fmt::format("{}-{}", offset, offset + *length - 1);
    impl_->set(CURLOPT_RANGE, range.c_str());
  } else {
    impl_->set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(offset));
  }
  impl_->sink = &sink;
  return impl_->perform();
}

Outcome<void> Connection::send(const std::string& path, SendFrom from, const Source& source,
                               const std::function<void()>& sent_all) {
  if (auto ready = open(); !ready) return ready;
  impl_->prepare(path);
  impl_->set(CURLOPT_UPLOAD, 1L);
  impl_->set(CURLOPT_READFUNCTION, &Impl::on_want_data);
  impl_->set(CURLOPT_READDATA, impl_.get());
  if (from.append) impl_->set(CURLOPT_APPEND, 1L);
  curl_slist* before = nullptr;
  if (!from.append && from.offset > 0) before = curl_slist_append(nullptr, fmt::format("REST {}", from.offset).c_str());
  impl_->set(CURLOPT_PREQUOTE, before);
  impl_->source = &source;
  impl_->sent_all = &sent_all;
  auto done = impl_->perform();
  impl_->set(CURLOPT_PREQUOTE, nullptr);
  curl_slist_free_all(before);
  return done;
}

}  // namespace gantry::ftp
