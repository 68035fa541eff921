// Verbs that change what a server holds without moving bytes: mv, mkdir, rmdir, chmod. Removing is in remove.cpp.
#include <fmt/format.h>

#include <memory>

#include "client/results.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/question.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

// ---- mv

struct MoveOptions {
  std::vector<std::string> paths;  ///< the last is the target
  bool overwrite = false;
};

class Mover {
 public:
  Mover(Session& session, const MoveOptions& options) : session_(session), options_(options) {}

  Exit run() {
    const std::string& to = options_.paths.back();
    const std::vector<std::string> from(options_.paths.begin(), options_.paths.end() - 1);
    auto target = target_place(from.front(), to);
    if (!target) return failed(session_, "mv", to, target.error());
    target_ = *target;
    const auto there = target_.connection->stat(target_.path);
    if (!there && there.error().why != ftp::Why::refused) return failed(session_, "mv", to, there.error());
    into_ = there && there->kind == ftp::Kind::directory;
    exists_ = there.has_value() && !into_;
    const bool many = from.size() > 1 || has_pattern(from.front());
    if ((many || target_.directory) && !into_)
      return failed(session_, "mv", to, {.why = ftp::Why::usage, .text = "is no directory there"});
    return for_each_target(session_, "mv", from, [&](const Target& source) { return move(source); });
  }

 private:
  /// Behind a URL a plain target lies on the same server, beside the source: `mv ftp://host/dir/a b` makes dir/b.
  ftp::Outcome<Place> target_place(const std::string& from, const std::string& to) {
    if (!session_.names_server(from) || session_.names_server(to)) return session_.place(to);
    auto place = session_.place(from);
    if (!place) return ftp::failed(place.error());
    place->path = resolve(parent_of(place->path), to);
    place->directory = to.ends_with('/');
    return place;
  }

  Exit move(const Target& source) {
    if (source.place.connection != target_.connection)
      return failed(session_, "mv", source.shown,
                    {.why = ftp::Why::usage, .text = "lies on another server than its new place"});
    const std::string to = into_ ? join(target_.path, name_of(source.place.path)) : target_.path;
    if (to == source.place.path || source.place.path == "/")
      return failed(session_, "mv", source.shown, {.why = ftp::Why::usage, .text = "cannot be moved there"});
    if (auto free = may_take(to); !free) return failed(session_, "mv", source.shown, free.error());
    auto done = source.place.connection->demand("RNFR " + source.place.path);
    if (done) done = source.place.connection->demand("RNTO " + to);
    if (!done) return failed(session_, "mv", source.shown, done.error());
    boost::json::object more;
    put_name(more, "to", to);
    return succeeded(session_, "mv", source.place.path, std::move(more));
  }

  /// Most servers replace what has the new name without a word.
  ftp::Outcome<void> may_take(const std::string& to) {
    if (options_.overwrite) return {};
    bool taken = exists_;
    if (into_) {
      const auto there = target_.connection->stat(to);
      if (!there && there.error().why != ftp::Why::refused) return ftp::failed(there.error());
      taken = there.has_value();
    }
    if (!taken || terminal::ask_yes(fmt::format("{} exists. Replace it?", terminal::printable(to)), session_.stop()))
      return {};
    return ftp::failed(ftp::Why::refused, terminal::printable(to) + " exists; --overwrite replaces it");
  }

  Session& session_;
  const MoveOptions& options_;
  Place target_;
  bool into_ = false;    ///< the target is a directory
  bool exists_ = false;  ///< the target is something else
};

Action define_move(CLI::App& app) {
  auto options = std::make_shared<MoveOptions>();
  app.add_option("path", options->paths, "What to move, and last its new name or a directory")
      ->expected(2, -1)
      ->required();
  app.add_flag("-f,--overwrite", options->overwrite, "Replace what has the new name, unasked");
  return [options](Session& session) { return Mover(session, *options).run(); };
}

// ---- mkdir, rmdir

struct DirectoryOptions {
  std::vector<std::string> paths;
  bool parents = false;
};

/// `path` and what is missing above it; fine when it is there already.
ftp::Outcome<void> make_all(ftp::Connection& connection, const std::string& path) {
  auto made = connection.demand("MKD " + path);
  if (made) return {};
  if (made.error().why != ftp::Why::refused) return ftp::failed(made.error());
  const auto there = connection.stat(path);
  if (there && there->kind == ftp::Kind::directory) return {};
  if (there || path == "/") return ftp::failed(made.error());
  if (auto above = make_all(connection, parent_of(path)); !above) return above;
  made = connection.demand("MKD " + path);
  if (!made) return ftp::failed(made.error());
  return {};
}

Exit make_directories(Session& session, const DirectoryOptions& options) {
  Ends ends;
  for (const std::string& path : options.paths) {
    auto place = session.place(path);
    if (!place) {
      ends.add(failed(session, "mkdir", path, place.error()));
      continue;
    }
    ftp::Outcome<void> made;
    if (options.parents)
      made = make_all(*place->connection, place->path);
    else if (auto reply = place->connection->demand("MKD " + place->path); !reply)
      made = ftp::failed(reply.error());
    ends.add(made ? succeeded(session, "mkdir", place->path) : failed(session, "mkdir", path, made.error()));
  }
  return ends.end();
}

Action define_make_directory(CLI::App& app) {
  auto options = std::make_shared<DirectoryOptions>();
  app.add_option("directory", options->paths, "Directories to make")->required();
  app.add_flag("-p,--parents", options->parents, "Those above them too; none is wrong when it is there");
  return [options](Session& session) { return make_directories(session, *options); };
}

Action define_remove_directory(CLI::App& app) {
  auto options = std::make_shared<DirectoryOptions>();
  app.add_option("directory", options->paths, "Empty directories, patterns")->required();
  return [options](Session& session) {
    return for_each_target(session, "rmdir", options->paths, [&](const Target& target) {
      // A pattern means the directories among what it matches.
      if (target.entry && target.entry->kind != ftp::Kind::directory) return Exit::ok;
      auto done = target.place.connection->demand("RMD " + target.place.path);
      return done ? succeeded(session, "rmdir", target.place.path)
                  : failed(session, "rmdir", target.shown, done.error());
    });
  };
}

// ---- chmod

struct ModeOptions {
  std::string mode;
  std::vector<std::string> paths;
};

Action define_mode(CLI::App& app) {
  auto options = std::make_shared<ModeOptions>();
  app.add_option("mode", options->mode, "Octal digits as 644")->required()->check([](const std::string& text) {
    const bool octal =
        (text.size() == 3 || text.size() == 4) && text.find_first_not_of("01234567") == std::string::npos;
    return octal ? std::string() : "\"" + terminal::printable(text) + "\" is no mode; write three or four octal digits";
  });
  app.add_option("path", options->paths, "Files, directories, patterns")->required();
  return [options](Session& session) {
    return for_each_target(session, "chmod", options->paths, [&](const Target& target) {
      auto done = target.place.connection->demand(fmt::format("SITE CHMOD {} {}", options->mode, target.place.path));
      return done ? succeeded(session, "chmod", target.place.path)
                  : failed(session, "chmod", target.shown, done.error());
    });
  };
}

}  // namespace

std::vector<Verb> manage_verbs() {
  return {
      {.name = "mv",
       .aliases = {"rename", "ren"},
       .group = "manage",
       .summary = "Rename, or move into a directory",
       .define = define_move},
      {.name = "mkdir",
       .aliases = {},
       .group = "manage",
       .summary = "Make directories",
       .completes = Completes::remote_directories,
       .define = define_make_directory},
      {.name = "rmdir",
       .aliases = {},
       .group = "manage",
       .summary = "Remove empty directories",
       .completes = Completes::remote_directories,
       .define = define_remove_directory},
      {.name = "chmod", .aliases = {}, .group = "manage", .summary = "Change permissions", .define = define_mode},
  };
}

}  // namespace gantry::client
