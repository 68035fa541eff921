// Verbs for this machine's side: lcd, lpwd, lls.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "client/entry_text.hpp"
#include "client/environment.hpp"
#include "client/results.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/screen.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

namespace fs = std::filesystem;

Exit report(const Session& session, const std::string& what, const std::error_code& error) {
  return session.report(what, {.why = ftp::Why::local, .text = error.message()});
}

Action define_change(CLI::App& app) {
  auto path = std::make_shared<std::string>("~");
  app.add_option("directory", *path, "Where to go on this machine; default: your home");
  return [path](Session& session) {
    std::error_code error;
    fs::current_path(with_home(*path), error);
    if (error) return report(session, *path, error);
    fmt::print("{}\n", terminal::printable(fs::current_path(error).string()));
    return Exit::ok;
  };
}

Action define_where(CLI::App& /*app*/) {
  return [](Session& session) {
    std::error_code error;
    const fs::path here = fs::current_path(error);
    if (error) return report(session, "lpwd", error);
    fmt::print("{}\n", terminal::printable(here.string()));
    return Exit::ok;
  };
}

struct ListOptions {
  std::string path = ".";
  bool full = false;
  bool all = false;
};

/// As listings of servers show it.
ftp::Entry entry_of(const fs::directory_entry& found) {
  std::error_code error;
  ftp::Entry entry{.name = found.path().filename().string(), .exact_time = true};
  const fs::file_status status = found.symlink_status(error);
  entry.kind = fs::is_directory(status)      ? ftp::Kind::directory
               : fs::is_symlink(status)      ? ftp::Kind::link
               : fs::is_regular_file(status) ? ftp::Kind::file
                                             : ftp::Kind::other;
  if (entry.kind == ftp::Kind::link) entry.target = fs::read_symlink(found.path(), error).string();
  if (entry.kind == ftp::Kind::file) entry.size = found.file_size(error);
  const auto written = found.last_write_time(error);
  if (!error) entry.modified = std::chrono::floor<Milliseconds>(std::chrono::file_clock::to_sys(written));
  constexpr std::string_view letters = "rwxrwxrwx";
  for (unsigned bit = 0; bit < letters.size(); ++bit) {
    const bool set = (static_cast<unsigned>(status.permissions()) >> (letters.size() - 1 - bit) & 1U) != 0;
    entry.permissions += set ? letters[bit] : '-';
  }
  return entry;
}

Exit list(Session& session, const ListOptions& options) {
  std::error_code error;
  std::vector<ftp::Entry> entries;
  const fs::path path = with_home(options.path);
  if (!fs::is_directory(path, error) && fs::exists(path, error)) {
    entries.push_back(entry_of(fs::directory_entry(path, error)));
  } else {
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
      entries.push_back(entry_of(*at));
  }
  if (error) return report(session, options.path, error);
  if (!options.all) std::erase_if(entries, [](const ftp::Entry& entry) { return entry.name.starts_with('.'); });
  std::ranges::sort(entries, {}, &ftp::Entry::name);
  const bool colours = wants_colours(session.settings());
  std::vector<std::vector<terminal::Cell>> rows;
  std::vector<terminal::Cell> names;
  for (const ftp::Entry& entry : entries) {
    rows.push_back(long_cells(entry.name, entry, false));
    names.push_back(name_cell(entry.name, entry));
  }
  const std::size_t width = terminal::draws() ? terminal::size_of(STDOUT_FILENO).columns : 1;
  fmt::print("{}",
             options.full ? terminal::table(long_columns, rows, colours) : terminal::in_columns(names, width, colours));
  return Exit::ok;
}

Action define_list(CLI::App& app) {
  auto options = std::make_shared<ListOptions>();
  app.add_option("path", options->path, "A directory of this machine; default: here");
  app.add_flag("-l,--long", options->full, "Permissions, size and time of each");
  app.add_flag("-a,--all", options->all, "Names that begin with a dot too");
  return [options](Session& session) { return list(session, *options); };
}

}  // namespace

std::vector<Verb> local_verbs() {
  using enum Where;
  using enum Completes;
  return {
      {.name = "lcd",
       .aliases = {},
       .group = "this machine",
       .summary = "Change the directory here",
       .where = shell_only,
       .completes = local,
       .define = define_change},
      {.name = "lpwd",
       .aliases = {},
       .group = "this machine",
       .summary = "Where we are here",
       .where = shell_only,
       .completes = nothing,
       .define = define_where},
      {.name = "lls",
       .aliases = {},
       .group = "this machine",
       .summary = "List a directory here",
       .where = shell_only,
       .completes = local,
       .define = define_list},
  };
}

}  // namespace gantry::client
