// Verbs that move files: get, put, mget, mput. Trees are handed to mirror.
#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "client/progress.hpp"
#include "client/results.hpp"
#include "client/speed_options.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/live.hpp"
#include "transfer/queue.hpp"
#include "transfer/segments.hpp"

namespace gantry::client {
namespace {

namespace fs = std::filesystem;
using transfer::Direction;
using Paths = std::vector<std::string>;

struct Arguments {
  Paths paths;
  std::string into;        ///< -O; empty: not given
  bool recursive = false;  ///< -r
};

// ---- what both directions share

std::string_view end_name(transfer::End end) {
  switch (end) {
    case transfer::End::done:
      return "done";
    case transfer::End::already_there:
      return "already_there";
    case transfer::End::skipped:
      break;
  }
  return "skipped";
}

/// Files between this machine and servers, collected and then moved side by side.
class Mover {
 public:
  Mover(Session& session, Direction direction, std::string_view verb)
      : session_(session), direction_(direction), verb_(verb) {}

  void add(ftp::Connection& connection, const std::string& remote, const std::string& local,
           const std::optional<ftp::Entry>& known) {
    // Few servers are named in one command: a search through them costs nothing.
    auto group = std::ranges::find(groups_, &connection, &Group::connection);
    if (group == groups_.end()) group = groups_.insert(group, {.connection = &connection, .files = {}});
    group->files.push_back({.remote = remote, .local = local, .known = known});
  }

  void note(Exit end) { ends_.add(end); }

  Exit run() {
    const ShowProgress progress(session_.board(), session_.settings());
    for (Group& group : groups_)
      for (File& file : group.files) announce(file);
    for (const Group& group : groups_) move(group);
    return ends_.end();
  }

 private:
  struct File {
    std::string remote;
    std::string local;
    std::optional<ftp::Entry> known;
    transfer::Board::Id id = 0;
  };
  struct Group {
    ftp::Connection* connection = nullptr;
    std::vector<File> files;
  };

  void announce(File& file) {
    std::optional<std::uint64_t> size;
    std::error_code unknown;
    if (direction_ == Direction::down)
      size = file.known ? file.known->size : std::nullopt;
    else if (const auto length = fs::file_size(file.local, unknown); !unknown)
      size = length;
    file.id = session_.board().add(direction_ == Direction::down ? file.local : file.remote, direction_, size);
  }

  void move(const Group& group) {
    const transfer::Connect more = [this, &group]() -> std::shared_ptr<ftp::Connection> {
      return session_.another(*group.connection);
    };
    transfer::Queue queue({.workers = session_.settings().parallel,
                           .in_order = true,
                           .note = [](const std::string& sentence) { terminal::say("gantry: " + sentence); }},
                          transfer::beginning_with(*group.connection, more), session_.stop());
    for (const File& file : group.files) {
      const bool taken = queue.add(
          {.work = [this, &file](ftp::Connection& connection) { return one(connection, file); },
           .ended = [this, &file](const ftp::Outcome<transfer::FileResult>& result) { ended(file, result); }});
      if (!taken) break;
    }
    if (auto all = queue.finish(); !all)
      ends_.add(failed(session_, verb_, to_text(group.connection->site()), all.error()));
  }

  ftp::Outcome<transfer::FileResult> one(ftp::Connection& connection, const File& file) {
    transfer::Board& board = session_.board();
    transfer::FileOptions options = session_.settings().file;
    options.known = file.known;
    const auto segments = segment_options(session_, connection);
    return direction_ == Direction::down ? transfer::download_segmented(connection, file.remote, file.local, options,
                                                                        segments, board, file.id, session_.stop())
                                         : transfer::upload_segmented(connection, file.local, file.remote, options,
                                                                      segments, board, file.id, session_.stop());
  }

  /// On a worker's thread, one at a time.
  void ended(const File& file, const ftp::Outcome<transfer::FileResult>& result) {
    const std::string& from = direction_ == Direction::down ? file.remote : file.local;
    if (!result) return ends_.add(failed(session_, verb_, from, result.error()));
    boost::json::object more;
    put_name(more, "target", result->target);
    more["end"] = end_name(result->end);
    more["size"] = result->size;
    more["moved"] = result->moved;
    if (!result->proof.empty()) more["proof"] = result->proof;
    ends_.add(succeeded(session_, verb_, from, std::move(more)));
  }

  Session& session_;
  Direction direction_;
  std::string_view verb_;
  std::vector<Group> groups_;
  Ends ends_;
};

Exit wrong(Session& session, const std::string& what, std::string why) {
  return session.report(what, {.why = ftp::Why::usage, .text = std::move(why)});
}

Exit mirror(Session& session, const std::string& from, const std::string& to) {
  return run_within(session, *find_verb("mirror"), {from, to});
}

// ---- get, mget

/// The last word of `get A B`, and of `get URL... DIRECTORY`, is where to.
std::string take_local_target(const Session& session, Paths& paths) {
  const bool last_is_local = paths.size() > 1 && !session.names_server(paths.back());
  if (!last_is_local || (paths.size() > 2 && !session.names_server(paths.front()))) return {};
  std::string target = std::move(paths.back());
  paths.pop_back();
  return target;
}

class Getter {
 public:
  Getter(Session& session, const Arguments& arguments, std::string_view verb)
      : session_(session), arguments_(arguments), verb_(verb), mover_(session, Direction::down, verb) {}

  Exit run(Paths sources, const std::string& target) {
    into_ = !arguments_.into.empty() ? arguments_.into : target;
    std::error_code error;
    if (!arguments_.into.empty()) fs::create_directories(into_, error);
    if (error) return session_.report(into_, {.why = ftp::Why::local, .text = error.message()});
    directory_ = into_.empty() || into_.ends_with('/') || fs::is_directory(into_, error);
    const bool many = sources.size() > 1 || has_pattern(sources.front());
    if (!directory_ && many) return wrong(session_, into_, "is no directory, and several files cannot be one");
    const Exit taken = for_each_target(session_, verb_, sources, [this](const Target& source) { return take(source); });
    if (taken != Exit::ok) mover_.note(taken);
    const Exit moved = mover_.run();
    return trees_.end() == Exit::ok ? moved : combine(moved, trees_.end());
  }

 private:
  Exit take(const Target& source) {
    const std::string name = name_of(source.place.path);
    if (arguments_.recursive) {
      auto entry = look(source);
      if (!entry) return failed(session_, verb_, source.shown, entry.error());
      if (entry->kind == ftp::Kind::directory) {
        trees_.add(mirror(session_, url_of(source.place), directory_ ? local_name(name) : into_));
        return Exit::ok;
      }
    }
    if (source.entry && source.entry->kind == ftp::Kind::directory) return Exit::ok;  // a pattern means the files
    if (!ftp::is_safe_name(name)) return wrong(session_, source.shown, "has no name that a file could have");
    mover_.add(*source.place.connection, source.place.path, directory_ ? local_name(name) : into_, source.entry);
    return Exit::ok;
  }

  [[nodiscard]] std::string local_name(const std::string& name) const {
    return into_.empty() ? name : (fs::path(into_) / name).string();
  }

  Session& session_;
  const Arguments& arguments_;
  std::string_view verb_;
  Mover mover_;
  Ends trees_;
  std::string into_;
  bool directory_ = false;  ///< names are kept, below `into_`
};

// ---- put, mput

/// Files of this machine: what a pattern matches, in the order of names; a file whose name is the pattern goes first.
Paths local_matches(const std::string& path) {
  std::error_code error;
  if (!has_pattern(path) || fs::exists(fs::symlink_status(path, error))) return {path};
  glob_t found{};
  Paths paths;
  if (::glob(path.c_str(), GLOB_NOESCAPE, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

/// The last word of `put A B`, and one that names a server, is where to.
std::string take_remote_target(const Session& session, Paths& paths, bool mput) {
  const bool last_is_target = paths.size() > 1 && (session.names_server(paths.back()) || (paths.size() == 2 && !mput));
  if (!last_is_target) return {};
  std::string target = std::move(paths.back());
  paths.pop_back();
  return target;
}

class Putter {
 public:
  Putter(Session& session, const Arguments& arguments, std::string_view verb)
      : session_(session), arguments_(arguments), verb_(verb), mover_(session, Direction::up, verb) {}

  Exit run(const Paths& sources, const std::string& target) {
    const std::string to = !arguments_.into.empty() ? arguments_.into : target;
    auto place = session_.place(to.empty() ? "." : to);
    if (!place) return failed(session_, verb_, to.empty() ? sources.front() : to, place.error());
    target_ = *place;
    directory_ = to.empty() || target_.directory || !arguments_.into.empty() || is_directory();
    const bool many = sources.size() > 1 || local_matches(sources.front()).size() > 1;
    if (!directory_ && many) return wrong(session_, to, "is no directory there, and several files cannot be one");
    for (const std::string& source : sources) {
      const Paths found = local_matches(source);
      if (found.empty())
        mover_.note(failed(session_, verb_, source, {.why = ftp::Why::local, .text = "nothing here matches"}));
      for (const std::string& path : found) take(path);
    }
    const Exit moved = mover_.run();
    return trees_.end() == Exit::ok ? moved : combine(moved, trees_.end());
  }

 private:
  [[nodiscard]] bool is_directory() const {
    const auto there = target_.connection->stat(target_.path);
    return there && there->kind == ftp::Kind::directory;
  }

  void take(const std::string& path) {
    std::string name = fs::path(path).filename().string();
    if (name.empty()) name = fs::path(path).parent_path().filename().string();
    Place to = target_;
    if (directory_) to.path = resolve(target_.path, name);
    std::error_code error;
    if (!fs::is_directory(path, error)) return mover_.add(*to.connection, to.path, path, std::nullopt);
    if (arguments_.recursive)
      trees_.add(mirror(session_, path, url_of(to)));
    else
      mover_.note(failed(session_, verb_, path, {.why = ftp::Why::local, .text = "is a directory; -r sends trees"}));
  }

  Session& session_;
  const Arguments& arguments_;
  std::string_view verb_;
  Mover mover_;
  Ends trees_;
  Place target_;
  bool directory_ = false;  ///< names are kept, below `target_`
};

// ---- the table

template <bool all_sources>
Action define_get(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.add_option("file", arguments->paths,
                 all_sources ? "Files on the server, patterns"
                             : "Files on the server, patterns; behind one of them, or behind URLs, their place here")
      ->required();
  app.add_option("-O,--into", arguments->into, "A directory here, made when it is missing");
  app.add_flag("-r,--recursive", arguments->recursive, "Directories too, as mirror copies them");
  return [arguments](Session& session) {
    Paths sources = arguments->paths;
    std::string target;
    if (!all_sources && arguments->into.empty()) target = take_local_target(session, sources);
    return Getter(session, *arguments, all_sources ? "mget" : "get").run(std::move(sources), target);
  };
}

template <bool all_sources>
Action define_put(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.add_option("file", arguments->paths,
                 "Files here, patterns; behind them the URL of their place, or behind one of them its place")
      ->required();
  app.add_option("-O,--into", arguments->into, "A directory on the server");
  app.add_flag("-r,--recursive", arguments->recursive, "Directories too, as mirror copies them");
  return [arguments](Session& session) {
    Paths sources = arguments->paths;
    std::string target;
    if (arguments->into.empty()) target = take_remote_target(session, sources, all_sources);
    return Putter(session, *arguments, all_sources ? "mput" : "put").run(sources, target);
  };
}

}  // namespace

std::vector<Verb> transfer_verbs() {
  using enum Completes;
  return {
      {.name = "get",
       .aliases = {"reget"},
       .group = "copy",
       .summary = "Fetch files; what was begun goes on",
       .moves = Moves::files,
       .define = define_get<false>},
      {.name = "put",
       .aliases = {"reput"},
       .group = "copy",
       .summary = "Send files; what was begun goes on",
       .completes = local_then_remote,
       .moves = Moves::files,
       .define = define_put<false>},
      {.name = "mget",
       .aliases = {},
       .group = "copy",
       .summary = "Fetch all files named",
       .moves = Moves::files,
       .define = define_get<true>},
      {.name = "mput",
       .aliases = {},
       .group = "copy",
       .summary = "Send all files named",
       .completes = local,
       .moves = Moves::files,
       .define = define_put<true>},
  };
}

}  // namespace gantry::client
