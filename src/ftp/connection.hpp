// One control connection to a server, and what can be asked over it. Blocks; belongs to one thread at a time.
// Must not know: local files, retries, the screen.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/units.hpp"
#include "digest/digest.hpp"
#include "ftp/entry.hpp"
#include "ftp/failure.hpp"
#include "ftp/site.hpp"

namespace gantry::ftp {

/// A whole reply; the lines without code and CRLF.
struct Reply {
  int code = 0;
  std::vector<std::string> lines;

  [[nodiscard]] bool positive() const { return code >= 200 && code < 400; }
  [[nodiscard]] std::string text() const;  ///< "550 No such file", control characters escaped
};

/// What the server offers beyond RFC 959 (FEAT, RFC 2389), by upper-case name: {"HASH", "SHA-256*;MD5"}.
class Features {
 public:
  Features() = default;
  explicit Features(const Reply& reply);
  [[nodiscard]] bool has(std::string_view name) const;
  /// Everything behind the name; empty when it is not offered.
  [[nodiscard]] std::string parameters(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

struct ConnectionOptions {
  Milliseconds connect_timeout = Seconds(15);
  Milliseconds reply_timeout = Seconds(60);  ///< for each reply
  Milliseconds stall_timeout = Seconds(60);  ///< without a byte on the data connection
  Milliseconds final_timeout =
      Seconds(600);                     ///< for the reply behind the last byte of an upload: stores take their time
  std::size_t max_listing = 512 * mib;  ///< bytes of one listing
  std::size_t max_entries = 2'000'000;  ///< of one listing
  bool active = false;                  ///< PORT and EPRT instead of PASV and EPSV

  std::string ca_file;      ///< empty: the system's
  std::string pinned_key;   ///< "sha256//BASE64" of the server's public key, which then is the only one; empty: none
  std::string known_hosts;  ///< file with the keys of servers trusted before; empty: none
  bool trust_on_first_use = false;  ///< a server nobody vouches for and never seen before is trusted and remembered
  /// Asked about such a server, with a text of several lines; true trusts and remembers it. Without: refused.
  std::function<bool(const std::string& question)> ask_trust;

  /// Asked several times a second; true ends the running operation with Why::cancelled.
  const std::atomic<bool>* stop = nullptr;
  /// Each line on the control connection, without CRLF, passwords replaced. `sent`: from us.
  std::function<void(bool sent, std::string_view line)> trace;
};

/// A checksum as the server gives it.
struct Checksum {
  digest::Algorithm algorithm = digest::Algorithm::sha256;
  std::string hex;  ///< lower case

  bool operator==(const Checksum&) const = default;
};

/// Takes bytes of a download in order. A failure ends the transfer and is what receive() returns.
using Sink = std::function<Outcome<void>(ByteView)>;
/// Fills the space with the next bytes of an upload; 0 is the end of the file.
using Source = std::function<Outcome<std::size_t>(MutableBytes)>;

/// Where an upload begins.
struct SendFrom {
  std::uint64_t offset = 0;  ///< bytes the server keeps; the source begins behind them
  bool append = false;       ///< APPE instead of REST and STOR
};

/// What a server closed while nothing was asked is opened again by itself, once, by whatever is asked next, unless that
/// might then be done twice.
class Connection {
 public:
  Connection(Site site, ConnectionOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects, logs in and asks for FEAT, unless that is done. The other calls do it by themselves.
  Outcome<void> open();
  void close();

  [[nodiscard]] const Site& site() const;
  [[nodiscard]] const Features& features() const;  ///< empty before open()
  [[nodiscard]] const std::string& home() const;   ///< absolute; "/" before open()

  /// Sends one command and returns its final reply, whatever the code. Not for commands with a data connection. What
  /// changes the state of the connection (TYPE, USER, ...) ends it.
  Outcome<Reply> command(const std::string& line);
  /// command() whose reply must be positive, otherwise Why::refused.
  Outcome<Reply> demand(const std::string& line);

  /// The entries of a directory, without "." and "..", unsafe names left out and counted in `unsafe`. By MLSD where it
  /// is offered, else LIST.
  Outcome<std::vector<Entry>> list(const std::string& directory, std::size_t* unsafe = nullptr);
  /// By MLST, else by a listing of the directory above, its size and time made exact by SIZE and MDTM. Refused with 550
  /// when nothing is there.
  Outcome<Entry> stat(const std::string& path);
  Outcome<std::uint64_t> size(const std::string& path);

  /// What hash() can ask this server for, strongest first; empty before open().
  [[nodiscard]] std::vector<digest::Algorithm> checksum_algorithms() const;
  /// By HASH, X... or MD5. `size` is the whole file's, where the caller knows it: the wait for the reply grows with
  /// what the server has to read, and a range that is all of it needs no server that knows ranges.
  Outcome<Checksum> hash(const std::string& path, digest::Algorithm algorithm, ByteRange range = {},
                         std::optional<std::uint64_t> size = {});

  /// Sets the time of last modification (MFMT); refused with 502 by servers without it.
  Outcome<void> set_modified(const std::string& path, WallTime time);
  Outcome<void> rename(const std::string& from, const std::string& to);
  /// True when the server continues files in the middle (FEAT "REST STREAM").
  [[nodiscard]] bool restarts() const;
  /// Lets the server know that we are still there; fails when it is gone.
  Outcome<void> keep_alive();

  /// Bytes of `path` from `offset` to the end, or `length` of them.
  Outcome<void> receive(const std::string& path, std::uint64_t offset, std::optional<std::uint64_t> length,
                        const Sink& sink);
  /// Returns after the server's final reply; Failure::unconfirmed when that did not come. `sent_all` is called when the
  /// last byte has left and the reply is awaited.
  Outcome<void> send(const std::string& path, SendFrom from, const Source& source,
                     const std::function<void()>& sent_all);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::ftp
