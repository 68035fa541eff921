// ls and dir.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "client/entry_text.hpp"
#include "client/results.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/screen.hpp"
#include "terminal/table.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

struct Options {
  std::vector<std::string> paths;
  bool full = false;
  bool all = false;
  bool human = false;
  bool by_size = false;
  bool by_time = false;
  bool reverse = false;
  bool themselves = false;
  bool one_a_line = false;
};

struct Shown {
  std::string name;  ///< in a listing its name, otherwise as it was asked for
  std::string path;
  ftp::Entry entry;
};

class Lister {
 public:
  Lister(Session& session, const Options& options)
      : session_(session), options_(options), colours_(wants_colours(session.settings())) {}

  Exit run() {
    std::vector<std::string> paths = options_.paths;
    if (paths.empty()) paths.emplace_back(".");
    Ends ends;
    const Exit looked = for_each_target(session_, "ls", paths, [&](const Target& target) { return look_at(target); });
    if (looked != Exit::ok || !files_.empty()) ends.add(looked);
    show(files_);
    heading_ = directories_.size() + files_.size() > 1;
    for (const Target& directory : directories_) {
      if (session_.stop()) return Exit::stopped;
      ends.add(list(directory));
    }
    return ends.end();
  }

 private:
  /// Files are listed together and first; what is no known file is taken for a directory, which saves a question.
  Exit look_at(const Target& target) {
    if (target.entry && (target.entry->kind != ftp::Kind::directory || options_.themselves)) {
      files_.push_back({target.shown, target.place.path, *target.entry});
      return Exit::ok;
    }
    if (!options_.themselves) {
      directories_.push_back(target);
      return Exit::ok;
    }
    auto entry = look(target);
    if (!entry) return failed(session_, "ls", target.shown, entry.error());
    files_.push_back({target.shown, target.place.path, *entry});
    return Exit::ok;
  }

  Exit list(const Target& target) {
    std::size_t unsafe = 0;
    auto entries = target.place.connection->list(target.place.path, &unsafe);
    if (!entries) return list_file(target, entries.error());
    std::vector<Shown> inside;
    for (ftp::Entry& entry : *entries)
      if (options_.all || !entry.name.starts_with('.'))
        inside.push_back({entry.name, join(target.place.path, entry.name), std::move(entry)});
    if (heading_ && !session_.settings().json) fmt::print("{}:\n", terminal::printable(target.shown));
    show(inside);
    if (unsafe > 0)
      fmt::print(stderr, "gantry: {}: left out what no file here could be called: {}\n",
                 terminal::printable(target.shown), unsafe);
    return Exit::ok;
  }

  /// `why` the listing failed, unless it is a file that was asked about.
  Exit list_file(const Target& target, const ftp::Failure& why) {
    if (why.why != ftp::Why::refused) return failed(session_, "ls", target.shown, why);
    auto entry = look(target);
    if (!entry || entry->kind == ftp::Kind::directory) return failed(session_, "ls", target.shown, why);
    show({{target.shown, target.place.path, *entry}});
    return Exit::ok;
  }

  /// What some servers call the size of a directory is none.
  static std::uint64_t bytes_of(const Shown& shown) {
    return shown.entry.kind == ftp::Kind::directory ? 0 : shown.entry.size.value_or(0);
  }

  void sort(std::vector<Shown>& what) const {
    std::ranges::sort(what, [&](const Shown& a, const Shown& b) {
      if (options_.by_size && bytes_of(a) != bytes_of(b)) return bytes_of(a) > bytes_of(b);
      if (options_.by_time && a.entry.modified != b.entry.modified) return a.entry.modified > b.entry.modified;
      return a.name < b.name;
    });
    if (options_.reverse) std::ranges::reverse(what);
  }

  void show(std::vector<Shown> what) const {
    sort(what);
    if (session_.settings().json) {
      for (const Shown& shown : what) print_json(entry_to_json(shown.path, shown.entry));
    } else if (options_.full) {
      std::vector<std::vector<terminal::Cell>> rows;
      for (const Shown& shown : what) rows.push_back(long_cells(shown.name, shown.entry, options_.human));
      fmt::print("{}", terminal::table(long_columns, rows, colours_));
    } else {
      std::vector<terminal::Cell> names;
      for (const Shown& shown : what) names.push_back(name_cell(shown.name, shown.entry));
      const bool one_a_line = options_.one_a_line || !terminal::draws();
      fmt::print("{}",
                 terminal::in_columns(names, one_a_line ? 1 : terminal::size_of(STDOUT_FILENO).columns, colours_));
    }
  }

  Session& session_;
  const Options& options_;
  bool colours_;
  bool heading_ = false;
  std::vector<Shown> files_;
  std::vector<Target> directories_;
};

template <bool full>
Action define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  options->full = full;
  app.set_help_flag("--help", "Print this");
  app.add_option("path", options->paths, "Directories, files, patterns");
  if (!full) app.add_flag("-l,--long", options->full, "Type, permissions, owner, group, size and time of each");
  app.add_flag("-a,--all", options->all, "Names that begin with a dot too");
  app.add_flag("-1", options->one_a_line, "One name a line, as where there is no terminal");
  app.add_flag("-d,--directory", options->themselves, "Directories themselves instead of what they hold");
  app.add_flag("-h,--human", options->human, "Sizes as 1.5G");
  app.add_flag("-S,--by-size", options->by_size, "The largest first");
  app.add_flag("-t,--by-time", options->by_time, "The newest first");
  app.add_flag("-r,--reverse", options->reverse, "In the opposite order");
  return [options](Session& session) { return Lister(session, *options).run(); };
}

}  // namespace

std::vector<Verb> listing_verbs() {
  return {
      {.name = "ls",
       .aliases = {"list"},
       .group = "look",
       .summary = "List directories and files",
       .define = define<false>},
      {.name = "dir", .aliases = {}, .group = "look", .summary = "List with sizes and times", .define = define<true>},
  };
}

}  // namespace gantry::client
