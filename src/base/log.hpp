// The process log: levels, text or JSON lines, to standard error or to rotating files.
// A line is an event name and fields: log::info("login", {{"user", name}, {"peer", address}}).
// Must not know: what the fields mean. Secrets never come here; callers mask them first.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace gantry::log {

enum class Level : std::uint8_t { debug, info, warning, error };
enum class Format : std::uint8_t { text, json };
/// What makes a log file be put aside for a new one. The times are UTC.
enum class Rotation : std::uint8_t { size, second, minute, hour, day, never };

/// One named value of a log line. Numbers stay numbers in JSON.
struct Field {
  using Value = std::variant<std::string, std::int64_t, std::uint64_t, double, bool>;
  std::string_view name;
  Value value;

  Field(std::string_view field, std::string_view text) : name(field), value(std::string(text)) {}
  Field(std::string_view field, const std::string& text) : name(field), value(text) {}
  Field(std::string_view field, const char* text) : name(field), value(std::string(text)) {}
  Field(std::string_view field, double number) : name(field), value(number) {}
  Field(std::string_view field, bool flag) : name(field), value(flag) {}
  template <std::signed_integral T>
  Field(std::string_view field, T number) : name(field), value(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral T>
  Field(std::string_view field, T number) : name(field), value(static_cast<std::uint64_t>(number)) {}
};

using Fields = std::vector<Field>;

struct Options {
  Level level = Level::info;
  Format format = Format::text;
  std::string directory;  ///< empty: standard error
  Rotation rotation = Rotation::size;
  std::uint64_t rotate_bytes = 64 * 1024 * 1024;
  std::uint32_t keep_files = 10;  ///< put aside, beside the live one; 0: all
  bool xferlog = false;           ///< also write directory/xferlog in wu-ftpd's format
};

/// Sets up the log of this process. Called again, it applies the new options and opens the files by name again, so
/// that they can be moved away before. Errc::unavailable when the directory cannot be written: lines go on where they
/// went. Until it is called, lines go to standard error as text.
[[nodiscard]] Result<void> open(const Options& options);

/// Writes what is buffered. Call before the process ends.
void flush();

[[nodiscard]] bool enabled(Level level);
void write(Level level, std::string_view event, const Fields& fields);

inline void debug(std::string_view event, const Fields& fields = {}) { write(Level::debug, event, fields); }
inline void info(std::string_view event, const Fields& fields = {}) { write(Level::info, event, fields); }
inline void warning(std::string_view event, const Fields& fields = {}) { write(Level::warning, event, fields); }
inline void error(std::string_view event, const Fields& fields = {}) { write(Level::error, event, fields); }

/// One finished transfer in xferlog format (a no-op unless Options::xferlog).
struct XferlogLine {
  double seconds = 0;
  std::string_view peer;
  std::uint64_t bytes = 0;
  std::string_view path;
  bool ascii = false;
  bool upload = false;
  bool anonymous = false;
  std::string_view user;
  bool complete = false;
};
void xferlog(const XferlogLine& line);

/// The line write() would produce, without the time stamp and level: for tests and for xferlog.
[[nodiscard]] std::string format_text(std::string_view event, const Fields& fields);
[[nodiscard]] std::string format_json(std::string_view event, const Fields& fields);
[[nodiscard]] std::string format_xferlog(const XferlogLine& line, std::int64_t unix_seconds);

}  // namespace gantry::log
