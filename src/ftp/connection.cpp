#include "ftp/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "ftp/checksums.hpp"
#include "ftp/curl_failure.hpp"
#include "ftp/engine.hpp"
#include "ftp/listing.hpp"
#include "proto/time_text.hpp"

namespace gantry::ftp {
namespace {

constexpr int not_found = 550;
constexpr int not_implemented = 502;
constexpr std::size_t longest_command = 4096;    // what most servers read
constexpr std::uint64_t slowest_hash = 4 * mib;  // bytes a second, of stores that have to be read for it

Outcome<void> sendable(std::string_view line) {
  if (has_control(line) || line.empty()) return failed(Why::usage, "a command must not have control characters");
  if (line.size() > longest_command) return failed(Why::usage, "the command is longer than servers read");
  return {};
}

bool changes_state(std::string_view line) {
  constexpr std::array<std::string_view, 8> verbs{"TYPE", "MODE", "STRU", "PROT", "CCC", "REIN", "USER", "QUIT"};
  return std::ranges::find(verbs, to_upper(line.substr(0, line.find(' ')))) != verbs.end();
}

}  // namespace

struct Connection::Impl {
  Impl(Site site, ConnectionOptions options) : engine(std::move(site), std::move(options)) {}

  Outcome<void> open();
  Outcome<void> log_in();
  void introduce();
  /// One operation on an open connection; `set_up` completes what Engine::prepare() began.
  Outcome<void> run(std::string_view path, const std::function<void()>& set_up);
  /// Sends `commands` and returns the reply to the last.
  Outcome<Reply> ask(const std::function<std::vector<std::string>()>& commands, Milliseconds limit);
  /// Size and time of what a listing gave only roughly or not at all.
  void refine(Entry& entry, const std::string& path);

  Engine engine;
  Features features;
  std::string home = "/";
  std::string selected_hash;  ///< by OPTS HASH or by default
  bool opened = false;
};

Outcome<void> Connection::Impl::open() {
  if (opened && engine.alive()) return {};
  opened = false;
  auto done = log_in();
  CertificateCheck& certificate = engine.certificate();
  if (!done && certificate.unknown() && engine.options().ask_trust) {
    // Asked between two connections: no server waits for a person.
    if (!engine.options().ask_trust(certificate.question())) return done;
    if (auto kept = certificate.trust_unknown(); !kept) return kept;
    done = log_in();
  }
  if (!done) return done;
  introduce();
  opened = true;
  return {};
}

Outcome<void> Connection::Impl::log_in() {
  engine.prepare("");
  engine.set_commands({"FEAT"}, engine.options().reply_timeout);
  if (auto done = engine.perform(); !done) return done;
  const Reply* reply = engine.transcript().reply_to("FEAT");
  features = reply == nullptr ? Features() : Features(*reply);
  selected_hash = default_hash(features);
  const std::string entry = engine.entry_path();
  if (entry.starts_with('/') && !has_control(entry)) home = entry;
  return {};
}

/// What some servers want to hear before they speak UTF-8; a refusal means nothing.
void Connection::Impl::introduce() {
  std::vector<std::string> words;
  if (features.has("CLNT")) words.emplace_back("CLNT gantry");
  if (features.has("UTF8")) words.emplace_back("OPTS UTF8 ON");
  if (words.empty()) return;
  engine.prepare("");
  engine.set_commands(words, engine.options().reply_timeout);
  (void)engine.perform();
}

Outcome<void> Connection::Impl::run(std::string_view path, const std::function<void()>& set_up) {
  for (bool again = false;; again = true) {
    if (auto ready = open(); !ready) return ready;
    engine.prepare(path);
    set_up();
    auto done = engine.perform();
    if (done || again || !engine.may_repeat()) return done;
  }
}

Outcome<Reply> Connection::Impl::ask(const std::function<std::vector<std::string>()>& commands, Milliseconds limit) {
  std::string last;
  auto done = run("", [&] {
    const auto lines = commands();
    last = lines.back();
    engine.set_commands(lines, limit);
  });
  if (!done) return failed(done.error());
  const Reply* reply = engine.transcript().reply_to(last);
  if (reply == nullptr) return failed(Why::network, "the server did not answer " + escape_control(last));
  return *reply;
}

Connection::Connection(Site site, ConnectionOptions options)
    : impl_(std::make_unique<Impl>(std::move(site), std::move(options))) {}
Connection::~Connection() = default;

Outcome<void> Connection::open() { return impl_->open(); }

void Connection::close() {
  impl_->engine.hang_up();
  impl_->opened = false;
}

const Site& Connection::site() const { return impl_->engine.site(); }
const Features& Connection::features() const { return impl_->features; }
const std::string& Connection::home() const { return impl_->home; }

Outcome<Reply> Connection::command(const std::string& line) {
  if (auto fine = sendable(line); !fine) return failed(fine.error());
  auto reply = impl_->ask([&] { return std::vector{line}; }, impl_->engine.options().reply_timeout);
  // libcurl believes to know the state of the connection: a transfer after "TYPE A" would not be of the file's bytes.
  if (changes_state(line)) close();
  return reply;
}

Outcome<Reply> Connection::demand(const std::string& line) {
  auto reply = command(line);
  if (!reply || reply->positive()) return reply;
  return failed(refusal(*reply));
}

Outcome<std::vector<Entry>> Connection::list(const std::string& directory, std::size_t* unsafe) {
  const ConnectionOptions& options = impl_->engine.options();
  std::optional<ListingReader> reader;
  const Sink sink = [&](ByteView bytes) { return reader->take(bytes); };
  auto done = impl_->run(directory.ends_with('/') ? directory : directory + "/", [&] {
    const bool facts = features().has("MLST");
    reader.emplace(facts, ListingLimits{options.max_listing, options.max_entries}, wall_now());
    // LIST with an argument means other things to other servers (options, patterns): they are sent into the directory.
    if (facts)
      impl_->engine.set(CURLOPT_CUSTOMREQUEST, "MLSD");
    else
      impl_->engine.set(CURLOPT_FTP_FILEMETHOD, static_cast<long>(CURLFTPMETHOD_SINGLECWD));
    impl_->engine.set_sink(sink);
  });
  if (!done) return failed(done.error());
  // libcurl takes 450 for an empty directory, but servers say it of one that they cannot read now.
  if (const Reply* reply = impl_->engine.transcript().answer(); reply != nullptr && !reply->positive())
    return failed(refusal(*reply));
  if (auto ended = reader->finish(); !ended) return failed(ended.error());
  if (unsafe != nullptr) *unsafe += reader->unsafe();
  return std::move(reader->entries());
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
  if (found->kind == Kind::file) impl_->refine(*found, path);
  return *found;
}

void Connection::Impl::refine(Entry& entry, const std::string& path) {
  std::vector<std::string> questions{"TYPE I"};  // some refuse SIZE in the type of texts
  if (features.has("SIZE")) questions.push_back("SIZE " + path);
  if (features.has("MDTM")) questions.push_back("MDTM " + path);
  if (questions.size() == 1 || !sendable(questions.back())) return;
  if (!ask([&] { return questions; }, engine.options().reply_timeout)) return;
  for (const std::string& question : questions) {
    const Reply* reply = engine.transcript().reply_to(question);
    if (reply == nullptr || reply->code != 213) continue;
    const std::string_view value = trim(reply->lines.back());
    if (question.starts_with("SIZE")) {
      if (const auto size = parse_number(value)) entry.size = size;
    } else if (const auto time = proto::parse_time_val(value)) {
      entry.modified = time;
      entry.exact_time = true;
    }
  }
}

Outcome<std::uint64_t> Connection::size(const std::string& path) {
  const std::string question = "SIZE " + path;
  if (auto fine = sendable(question); !fine) return failed(fine.error());
  const auto reply =
      impl_->ask([&] { return std::vector<std::string>{"TYPE I", question}; }, impl_->engine.options().reply_timeout);
  if (!reply) return failed(reply.error());
  if (!reply->positive()) return failed(refusal(*reply));
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

  const std::string question = checksum_command(*way, path, range);
  if (auto fine = sendable(question); !fine) return failed(fine.error());
  const auto commands = [&] {
    std::vector<std::string> lines;
    const bool by_hash = way->style == ChecksumStyle::hash;
    if (by_hash && way->name != impl_->selected_hash) lines.push_back("OPTS HASH " + way->name);
    if (by_hash && !range.whole())
      lines.push_back(fmt::format("RANG {} {}", range.offset, range.offset + range.length - 1));
    lines.push_back(question);
    return lines;
  };
  const auto reply = impl_->ask(commands, impl_->engine.options().reply_timeout + Seconds(to_read / slowest_hash));
  if (!reply) return failed(reply.error());
  if (!reply->positive()) return failed(refusal(*reply));
  auto hex = parse_checksum(*way, range, *reply);
  if (!hex) return failed(Why::network, "the server's answer has no checksum as asked for: " + reply->text());
  if (way->style == ChecksumStyle::hash) impl_->selected_hash = way->name;
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
  if (auto ready = open(); !ready || length == 0) return ready;
  // A server that knows RANG ends the transfer where the range ends. Without it libcurl closes the data connection
  // there, with what is on its way, and the control connection has to be made anew.
  const bool whole_range = length && impl_->features.has("RANG");
  const std::string last = length ? std::to_string(offset + *length - 1) : std::string();
  const std::string range = fmt::format("{}-{}", offset, last);
  return impl_->run(path, [&] {
    if (whole_range)
      impl_->engine.set_before({fmt::format("RANG {} {}", offset, last)});
    else if (length)
      impl_->engine.set(CURLOPT_RANGE, range.c_str());
    else
      impl_->engine.set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(offset));
    // Otherwise libcurl asks for the size first: a round trip for each small file, and callers know it.
    if (whole_range || (!length && offset == 0)) impl_->engine.set(CURLOPT_IGNORE_CONTENT_LENGTH, 1L);
    impl_->engine.set_sink(sink);
  });
}

Outcome<void> Connection::send(const std::string& path, SendFrom from, const Source& source,
                               const std::function<void()>& sent_all) {
  std::vector<std::string> before;
  if (!from.append && from.offset > 0) before.push_back(fmt::format("REST {}", from.offset));
  return impl_->run(path, [&] {
    impl_->engine.set_before(before);
    impl_->engine.set_source(source, sent_all);
    if (from.append) impl_->engine.set(CURLOPT_APPEND, 1L);
  });
}

}  // namespace gantry::ftp
