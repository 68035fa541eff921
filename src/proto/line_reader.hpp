// Bytes of the control connection in, command lines out (RFC 959 section 5.3, RFC 854 for the Telnet codes).
// Must not know: sockets, verbs, what is answered.
//
// A line ends with CR LF; a bare LF ends one too, because scripts and netcat send it and because taking it as an end
// leaves no LF that could ever be echoed. Telnet: IAC IAC is the byte 0xFF, negotiation (IAC WILL/WONT/DO/DONT x) and
// commands (IAC IP, IAC DM, ...) vanish, wherever reads cut them. Clients announce ABOR by IAC IP IAC DM with one of
// these bytes urgent, and the kernel may take that byte out of the stream; so an IAC before an ordinary byte vanishes
// alone, and bytes from 0xF0 on vanish at the start of a line, where no verb has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gantry::proto {

struct Line {
  enum class Kind : std::uint8_t {
    command,   ///< `text` is the line without its end; it may be empty
    too_long,  ///< reported as soon as the limit is passed; the rest up to the end of the line is dropped
    bad_byte,  ///< a NUL or a CR that ends no line occurred (CR NUL, a Telnet CR, is one): answer 501
  };
  Kind kind = Kind::command;
  std::string text;  ///< empty unless kind is command, so that nothing odd can be echoed

  bool operator==(const Line&) const = default;
};

/// Memory: the bytes fed and not yet taken by next(), plus one unfinished line of at most `limit` bytes. Whoever feeds
/// takes lines until there are none, or stops reading while buffered() is high.
class LineReader {
 public:
  /// What one feed() is meant to carry at most.
  static constexpr std::size_t max_feed = 16 * 1024;

  /// `limit`: bytes of a line after Telnet decoding, without its end.
  explicit LineReader(std::size_t limit = 4096) : limit_(limit) {}

  void feed(std::string_view bytes);
  /// The next finished line; nothing when more bytes are needed.
  [[nodiscard]] std::optional<Line> next();
  /// Not one byte is held, of a finished line or an unfinished one.
  [[nodiscard]] bool empty() const;
  /// Bytes held.
  [[nodiscard]] std::size_t buffered() const { return raw_.size() - taken_ + text_.size(); }
  /// Forgets everything received so far, half a Telnet code included (AUTH TLS: RFC 4217 section 15.1.1).
  void clear();

 private:
  enum class Telnet : std::uint8_t { data, command, option };

  /// Removes Telnet codes: the byte of text, or nothing when `byte` belongs to a code.
  std::optional<char> decode(char byte);
  /// Takes a byte of text; a line when it completes one.
  std::optional<Line> accept(char byte);
  std::optional<Line> end_line();
  std::optional<Line> append(char byte);

  std::size_t limit_;
  std::string raw_;         // as received
  std::size_t taken_ = 0;   // of raw_
  std::string text_;        // of the unfinished line
  std::size_t length_ = 0;  // of the unfinished line, also when its text is not kept
  Telnet telnet_ = Telnet::data;
  bool after_cr_ = false;
  bool bad_ = false;
  bool discarding_ = false;
};

}  // namespace gantry::proto
