#include "session/messages.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/log.hpp"
#include "base/text.hpp"

namespace gantry::session {
namespace {

constexpr std::uint64_t longest_file = 4 * kib;
/// A path may have 4 KiB, and %d may occur often.
constexpr std::size_t longest_text = 16 * kib;

std::string now_text() {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(wall_now())));
}

void put_one(const Session& session, char letter, std::string& out) {
  switch (letter) {
    case 'u':
      out += session.state.user;
      break;
    case 'a':
      out += session.peer_text();
      break;
    case 'd':
      out += session.state.cwd.text();
      break;
    case 't':
      out += now_text();
      break;
    case '%':
      out += '%';
      break;
    default:
      out += {'%', letter};
  }
}

Task<Result<std::string>> read_front(std::shared_ptr<vfs::FileSystem> files, vfs::Path path) {
  auto reader = co_await files->open_reader(std::move(path), {0, longest_file});
  if (!reader) co_return fail(std::move(reader.error()));
  std::string text(longest_file, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    auto count = co_await (*reader)->read(std::as_writable_bytes(std::span(text)).subspan(filled));
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) break;
    filled += *count;
  }
  text.resize(filled);
  // What is cut off ends with a whole line, and so with a whole character.
  if ((*reader)->size() > longest_file) text.resize(text.rfind('\n') + 1);
  co_return text;
}

}  // namespace

std::string put_names_in(const Session& session, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < longest_text; ++i) {
    if (text[i] == '%' && i + 1 < text.size())
      put_one(session, text[++i], out);
    else
      out += text[i];
  }
  return out;
}

std::vector<std::string> message_lines(const Session& session, std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return {};
  std::vector<std::string> lines;
  const std::string full = put_names_in(session, text);
  for (std::string_view line : split(full, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

proto::Reply with_message(int code, std::vector<std::string> lines, std::string text) {
  if (lines.empty()) return proto::reply(code, std::move(text));
  std::string first = std::move(lines.front());
  lines.erase(lines.begin());
  return proto::multiline(code, std::move(first), std::move(lines), std::move(text));
}

Task<std::vector<std::string>> directory_message(Session& session) {
  const std::string& name = session.config().server.message_file;
  if (name.empty()) co_return std::vector<std::string>{};
  auto text = co_await read_front(session.state.files, session.state.cwd.child(name));
  if (!text) {
    log::debug("no directory message", {{"session", session.id()}, {"reason", text.error().text()}});
    co_return std::vector<std::string>{};
  }
  if (!is_utf8(*text)) {
    log::warning("directory message is not UTF-8",
                 {{"session", session.id()}, {"directory", session.state.cwd.text()}});
    co_return std::vector<std::string>{};
  }
  co_return message_lines(session, *text);
}

}  // namespace gantry::session
