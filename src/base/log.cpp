#include "base/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <iterator>
#include <memory>
#include <mutex>

#include "base/log_file.hpp"
#include "base/text.hpp"

namespace gantry::log {
namespace {

spdlog::level::level_enum native(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// UTC, because a cluster's logs are read side by side.
void set_pattern(spdlog::logger& logger, Format format) {
  // In JSON the message is the object's tail: the time and level open it.
  const char* pattern =
      format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";
  logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
}

/// Hands formatted lines to a file. Several may stand on one file: a reload makes new ones.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(std::shared_ptr<LogFile> file) : file_(std::move(file)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    file_->write({line.data(), line.size()}, message.time);
  }
  void flush_() override {}  // nothing is buffered here

  std::shared_ptr<LogFile> file_;
};

struct Sinks {
  std::shared_ptr<spdlog::logger> main;
  std::shared_ptr<spdlog::logger> transfers;
  std::shared_ptr<LogFile> main_file;
  std::shared_ptr<LogFile> transfer_file;
  Format format = Format::text;
};

std::mutex sinks_mutex;

std::shared_ptr<const Sinks> standard_error(Level level, Format format) {
  auto sinks = std::make_shared<Sinks>();
  sinks->main = std::make_shared<spdlog::logger>("gantry", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  sinks->main->set_level(native(level));
  sinks->format = format;
  set_pattern(*sinks->main, format);
  return sinks;
}

std::shared_ptr<const Sinks>& current() {
  static std::shared_ptr<const Sinks> sinks = standard_error(Level::info, Format::text);
  return sinks;
}

std::shared_ptr<const Sinks> snapshot() {
  std::lock_guard lock(sinks_mutex);
  return current();
}

/// The file at `path`: the one in use, opened by its name again, or a new one.
Result<std::shared_ptr<LogFile>> file_at(std::string path, const std::shared_ptr<LogFile>& in_use,
                                         const Options& options) {
  LogFile::Rules rules{
      .rotation = options.rotation, .rotate_bytes = options.rotate_bytes, .keep_files = options.keep_files};
  auto now = std::chrono::system_clock::now();
  if (!in_use || in_use->path() != path) return LogFile::open(std::move(path), rules, now);
  auto opened = in_use->reopen(rules, now);
  if (!opened) return fail(std::move(opened.error()));
  return in_use;
}

Result<std::shared_ptr<const Sinks>> files(const Options& options, const Sinks& before) {
  auto sinks = std::make_shared<Sinks>();
  sinks->format = options.format;
  auto main_file = file_at(options.directory + "/gantryd.log", before.main_file, options);
  if (!main_file) return fail(std::move(main_file.error()));
  sinks->main_file = std::move(*main_file);
  sinks->main = std::make_shared<spdlog::logger>("gantry", std::make_shared<FileSink>(sinks->main_file));
  sinks->main->set_level(native(options.level));
  set_pattern(*sinks->main, options.format);
  if (!options.xferlog) return sinks;
  auto transfer_file = file_at(options.directory + "/xferlog", before.transfer_file, options);
  if (!transfer_file) return fail(std::move(transfer_file.error()));
  sinks->transfer_file = std::move(*transfer_file);
  sinks->transfers = std::make_shared<spdlog::logger>("xferlog", std::make_shared<FileSink>(sinks->transfer_file));
  sinks->transfers->set_pattern("%v");
  return sinks;
}

/// Bytes of most lines.
constexpr std::size_t line_estimate = 256;

void append_quoted_text(std::string& out, std::string_view text) {
  out += '"';
  for (char c : escape_control(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_number(std::string& out, const Field::Value& value) {
  std::visit(
      [&out](const auto& v) {
        using Value = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<Value, double>) {
          fmt::format_to(std::back_inserter(out), "{:.3f}", v);
        } else if constexpr (std::is_same_v<Value, bool>) {
          out += v ? "true" : "false";
        } else if constexpr (std::is_integral_v<Value>) {
          const fmt::format_int digits(v);
          out.append(digits.data(), digits.size());
        }
      },
      value);
}

void append_text_value(std::string& out, const Field::Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr)
    append_number(out, value);
  else if (text->empty() || text->find_first_of(" \"=") != std::string::npos)
    append_quoted_text(out, *text);
  else
    out += escape_control(*text);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  // A file name need not be UTF-8, a JSON text must be: such bytes are shown as \u00NN.
  bool utf8 = is_utf8(text);
  for (char c : text) {
    auto b = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (b < 0x20 || b == 0x7F || (b >= 0x80 && !utf8)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", b);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string format_text(std::string_view event, const Fields& fields) {
  std::string out;
  out.reserve(line_estimate);
  out = event;
  for (const Field& field : fields) {
    out += ' ';
    out += field.name;
    out += '=';
    append_text_value(out, field.value);
  }
  return out;
}

std::string format_json(std::string_view event, const Fields& fields) {
  std::string out = R"("event":)";
  append_json_string(out, event);
  for (const Field& field : fields) {
    out += ',';
    append_json_string(out, field.name);
    out += ':';
    const auto* number = std::get_if<double>(&field.value);
    if (const auto* text = std::get_if<std::string>(&field.value))
      append_json_string(out, *text);
    else if (number && !std::isfinite(*number))
      out += "null";
    else
      append_number(out, field.value);
  }
  return out;
}

std::string format_xferlog(const XferlogLine& line, std::int64_t unix_seconds) {
  // wu-ftpd's xferlog(5): fields are separated by blanks, so blanks in a name become '_'; one record is one line.
  auto one_word = [](std::string_view text) {
    std::string word = text.empty() ? "-" : escape_control(text);
    std::ranges::replace(word, ' ', '_');
    return word;
  };
  return fmt::format("{:%a %b %e %H:%M:%S %Y} {} {} {} {} {} _ {} {} {} ftp 0 * {}",
                     fmt::gmtime(static_cast<std::time_t>(unix_seconds)),
                     std::max<std::int64_t>(1, std::llround(line.seconds)), line.peer, line.bytes, one_word(line.path),
                     line.ascii ? 'a' : 'b', line.upload ? 'i' : 'o', line.anonymous ? 'a' : 'r', one_word(line.user),
                     line.complete ? 'c' : 'i');
}

Result<void> open(const Options& options) {
  auto before = snapshot();
  std::shared_ptr<const Sinks> next;
  if (options.directory.empty()) {
    next = standard_error(options.level, options.format);
  } else {
    auto opened = files(options, *before);
    if (!opened) return fail(std::move(opened.error()));
    next = std::move(*opened);
  }
  std::lock_guard lock(sinks_mutex);
  current() = std::move(next);
  return {};
}

void flush() {
  auto sinks = snapshot();
  sinks->main->flush();
  if (sinks->transfers) sinks->transfers->flush();
}

bool enabled(Level level) { return snapshot()->main->should_log(native(level)); }

void write(Level level, std::string_view event, const Fields& fields) {
  auto sinks = snapshot();
  if (!sinks->main->should_log(native(level))) return;
  auto put = [&](Level severity, std::string_view name, const Fields& values) {
    sinks->main->log(native(severity),
                     sinks->format == Format::json ? format_json(name, values) : format_text(name, values));
  };
  put(level, event, fields);
  if (!sinks->main_file) return;
  if (auto lost = sinks->main_file->take_lost(); lost > 0) put(Level::error, "log lines lost", {{"lines", lost}});
}

void xferlog(const XferlogLine& line) {
  auto sinks = snapshot();
  if (sinks->transfers) sinks->transfers->info(format_xferlog(line, std::time(nullptr)));
}

}  // namespace gantry::log
