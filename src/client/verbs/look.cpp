// Verbs that look at one thing: stat, size, modtime, cat.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/text.hpp"
#include "client/entry_text.hpp"
#include "client/results.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/screen.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

using Paths = std::vector<std::string>;
using Look = Exit (*)(Session&, const Target&, const ftp::Entry&);

void print_field(std::string_view name, const std::string& value) {
  if (!value.empty()) fmt::print("{:<13}{}\n", fmt::format("{}:", name), terminal::printable(value));
}

Exit print_entry(Session& session, const Target& target, const ftp::Entry& entry) {
  if (session.settings().json) {
    print_json(entry_to_json(target.place.path, entry));
    return Exit::ok;
  }
  print_field("path", target.place.path);
  print_field("type", std::string(kind_name(entry.kind)));
  if (entry.size) print_field("size", fmt::format("{}", *entry.size));
  if (entry.modified) print_field("modified", time_text(entry));
  print_field("permissions", entry.permissions);
  print_field("owner", entry.owner);
  print_field("group", entry.group);
  print_field("target", entry.target);
  return Exit::ok;
}

/// One value a line; behind it the path when there are several.
void print_value(const std::string& value, const Target& target, bool several) {
  if (several)
    fmt::print("{}  {}\n", value, terminal::printable(target.shown));
  else
    fmt::print("{}\n", value);
}

template <bool times>
Exit print_one(Session& session, const Target& target, bool several) {
  constexpr const char* verb = times ? "modtime" : "size";
  auto entry = look(target);
  if (!entry) return failed(session, verb, target.shown, entry.error());
  if (times ? !entry->modified.has_value() : !entry->size.has_value())
    return failed(
        session, verb, target.shown,
        {.why = ftp::Why::refused, .text = fmt::format("the server does not tell its {}", times ? "time" : "size")});
  if (session.settings().json)
    print_json(entry_to_json(target.place.path, *entry));
  else
    print_value(times ? iso_time(*entry->modified) : fmt::format("{}", *entry->size), target, several);
  return Exit::ok;
}

template <bool times>
Action define_one(CLI::App& app) {
  auto paths = std::make_shared<Paths>();
  app.add_option("path", *paths, times ? "Files, directories, patterns" : "Files, patterns")->required();
  return [paths](Session& session) {
    const bool several = paths->size() > 1 || has_pattern(paths->front());
    return for_each_target(session, times ? "modtime" : "size", *paths,
                           [&](const Target& target) { return print_one<times>(session, target, several); });
  };
}

Action define_stat(CLI::App& app) {
  auto paths = std::make_shared<Paths>();
  app.add_option("path", *paths, "Files, directories, patterns")->required();
  return [paths](Session& session) {
    bool first = true;
    return for_each_target(session, "stat", *paths, [&](const Target& target) {
      auto entry = look(target);
      if (!entry) return failed(session, "stat", target.shown, entry.error());
      if (!std::exchange(first, false) && !session.settings().json) fmt::print("\n");
      return print_entry(session, target, *entry);
    });
  };
}

// ---- cat, more

/// Where the bytes of files go: standard output, or on a terminal the pager, which may be left before the end.
class Output {
 public:
  explicit Output(bool paged) {
    std::fflush(stdout);
    if (paged && terminal::draws()) pager_ = ::popen("${PAGER:-$(command -v less || echo more)}", "w");
  }
  ~Output() {
    if (pager_ != nullptr) ::pclose(pager_);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  [[nodiscard]] std::FILE* file() const { return pager_ != nullptr ? pager_ : stdout; }
  /// Nobody wants to see more.
  [[nodiscard]] bool left() const { return pager_ != nullptr && std::ferror(pager_) != 0; }

 private:
  std::FILE* pager_ = nullptr;
};

/// Onto a terminal without what could command it; elsewhere byte for byte.
ftp::Outcome<void> put_out(ByteView bytes, bool on_terminal, std::FILE* out) {
  std::string safe;
  if (on_terminal) {
    for (const char c : as_text(bytes)) {
      const bool harmless = c == '\n' || c == '\t' || !has_control({&c, 1});
      safe += harmless ? std::string(1, c) : c == '\r' ? "" : escape_control({&c, 1});
    }
    bytes = std::as_bytes(std::span(safe));
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size()) return {};
  return ftp::failed(ftp::Why::local, "standard output does not take any more");
}

template <bool paged>
Action define_print(CLI::App& app) {
  auto paths = std::make_shared<Paths>();
  app.add_option("path", *paths, "Files, patterns")->required();
  return [paths](Session& session) {
    const Output output(paged);
    return for_each_target(session, paged ? "more" : "cat", *paths, [&](const Target& target) {
      const bool on_terminal = terminal::draws();
      auto done = target.place.connection->receive(target.place.path, 0, std::nullopt, [&](ByteView bytes) {
        return put_out(bytes, on_terminal, output.file());
      });
      if (done && std::fflush(output.file()) != 0)
        done = ftp::failed(ftp::Why::local, "standard output does not take any more");
      // No line of --json: standard output is the file's.
      return done || output.left() ? Exit::ok : session.report(target.shown, done.error());
    });
  };
}

}  // namespace

std::vector<Verb> look_verbs() {
  return {
      {.name = "cat", .aliases = {}, .group = "look", .summary = "Print files", .define = define_print<false>},
      {.name = "more",
       .aliases = {},
       .group = "look",
       .summary = "Show files page by page, with $PAGER",
       .define = define_print<true>},
      {.name = "stat",
       .aliases = {},
       .group = "look",
       .summary = "All that the server tells of a name",
       .define = define_stat},
      {.name = "size",
       .aliases = {},
       .group = "look",
       .summary = "The size of files in bytes",
       .define = define_one<false>},
      {.name = "modtime",
       .aliases = {},
       .group = "look",
       .summary = "The time of last modification, UTC",
       .define = define_one<true>},
  };
}

}  // namespace gantry::client
