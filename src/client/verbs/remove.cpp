// rm: files, and trees with -r.
#include <fmt/format.h>

#include <memory>

#include "client/results.hpp"
#include "client/verbs/verbs.hpp"
#include "client/walk.hpp"
#include "terminal/question.hpp"
#include "terminal/screen.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

struct Options {
  std::vector<std::string> paths;
  bool recursive = false;
  bool force = false;
  bool yes = false;
};

class Remover {
 public:
  Remover(Session& session, const Options& options) : session_(session), options_(options) {}

  Exit run() {
    return for_each_target(session_, "rm", options_.paths, [&](const Target& target) { return remove(target); });
  }

 private:
  Exit remove(const Target& target) {
    if (target.place.path == "/")
      return failed(session_, "rm", target.shown, {.why = ftp::Why::usage, .text = "is everything; never removed"});
    if (!options_.recursive) {
      if (target.entry && target.entry->kind == ftp::Kind::directory)
        return failed(session_, "rm", target.shown,
                      {.why = ftp::Why::refused, .text = "is a directory; -r removes it and all it holds"});
      return remove_one(target, "DELE");
    }
    auto entry = look(target);
    if (!entry && entry.error().why == ftp::Why::refused && options_.force) return Exit::ok;
    if (!entry) return failed(session_, "rm", target.shown, entry.error());
    if (entry->kind != ftp::Kind::directory) return remove_one(target, "DELE");
    return agreed(target) ? remove_tree(target) : Exit::refused;
  }

  /// Asked once for each tree. Without a terminal only --yes or -f is consent.
  bool agreed(const Target& target) const {
    if (options_.yes || options_.force) return true;
    if (terminal::ask_yes(fmt::format("Remove {} and all it holds?", terminal::printable(target.place.path)),
                          session_.stop()))
      return true;
    const char* hint = terminal::answers() ? "left as it is" : "not removed; --yes says that a tree may go";
    (void)failed(session_, "rm", target.shown, {.why = ftp::Why::refused, .text = hint});
    return false;
  }

  Exit remove_tree(const Target& target) {
    ftp::Connection& connection = *target.place.connection;
    Ends ends;
    const auto one = [&](const Step& step, const char* verb) {
      auto done = connection.demand(fmt::format("{} {}", verb, step.path));
      ends.add(done ? succeeded(session_, "rm", step.path) : failed(session_, "rm", step.path, done.error()));
    };
    const Walk how{
        .meet =
            [&](const Step& step) {
              if (step.entry.kind != ftp::Kind::directory) one(step, "DELE");
              return true;
            },
        .leave = [&](const Step& step) { one(step, "RMD"); },
        .failed = [&](const Step& step,
                      const ftp::Failure& failure) { ends.add(client::failed(session_, "rm", step.path, failure)); }};
    if (auto done = walk(connection, target.place.path, how, session_.stop()); !done)
      return failed(session_, "rm", target.shown, done.error());
    ends.add(remove_one(target, "RMD"));
    return ends.end();
  }

  Exit remove_one(const Target& target, const char* verb) {
    ftp::Connection& connection = *target.place.connection;
    auto done = connection.demand(fmt::format("{} {}", verb, target.place.path));
    if (done) return succeeded(session_, "rm", target.place.path);
    if (options_.force && done.error().why == ftp::Why::refused && is_missing(connection, target.place.path))
      return Exit::ok;
    return failed(session_, "rm", target.shown, done.error());
  }

  static bool is_missing(ftp::Connection& connection, const std::string& path) {
    const auto there = connection.stat(path);
    return !there && there.error().why == ftp::Why::refused;
  }

  Session& session_;
  const Options& options_;
};

Action define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("path", options->paths, "Files, patterns; with -r directories too")->required();
  app.add_flag("-r,-R,--recursive", options->recursive, "Directories and all they hold");
  app.add_flag("-f,--force", options->force, "Ask nothing; what is not there is no error");
  app.add_flag("-y,--yes", options->yes, "Ask nothing");
  return [options](Session& session) { return Remover(session, *options).run(); };
}

}  // namespace

std::vector<Verb> remove_verbs() {
  return {{.name = "rm",
           .aliases = {"delete", "del"},
           .group = "manage",
           .summary = "Remove files, with -r trees",
           .define = define}};
}

}  // namespace gantry::client
