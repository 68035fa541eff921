// Verbs for whole trees: mirror, sync.
#include "transfer/mirror.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/screen.hpp"
#include "transfer/copies.hpp"

namespace gantry::client {
namespace {

using transfer::By;
using transfer::Direction;
using transfer::Links;

struct MirrorArguments {
  std::string from;
  std::string to;
  bool reverse = false;
  Links links = Links::skip;
  bool yes = false;
  std::string bad_pattern;
  transfer::MirrorOptions options;
};

/// Both trees of one run.
struct Ends {
  transfer::MirrorPlaces places;
  ftp::Connection* connection = nullptr;
  std::unique_ptr<transfer::Tree> local;
  std::unique_ptr<transfer::Tree> remote;
};

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Which argument is the server's: the URL, else the first one, or the second with -R.
ftp::Outcome<Ends> ends_of(Session& session, const MirrorArguments& arguments) {
  const bool url_from = ftp::is_url(arguments.from);
  const bool url_to = ftp::is_url(arguments.to);
  if (url_from && url_to)
    return ftp::failed(ftp::Why::usage, "both sides are servers: one of them must be a directory of this machine");
  if (url_from && arguments.reverse)
    return ftp::failed(ftp::Why::usage, "-R sends a local directory, but the first argument is a URL");
  const bool up = url_to || arguments.reverse;
  Ends ends;
  ends.places.direction = up ? Direction::up : Direction::down;
  const std::string local = without_slash(up ? arguments.from : arguments.to);
  auto place = session.place(up ? (arguments.to.empty() ? last_name(local) : arguments.to) : arguments.from);
  if (!place) return ftp::failed(place.error());
  ends.connection = place->connection;
  ends.places.remote = place->path;
  ends.places.local = !local.empty() ? local : place->path == "/" ? "." : last_name(place->path);
  ends.local = transfer::local_tree(ends.places.local, up ? arguments.links : Links::skip);
  ends.remote = transfer::remote_tree(*ends.connection, ends.places.remote, up ? Links::skip : arguments.links);
  return ends;
}

std::string_view word_of(transfer::Action::Kind kind, Direction direction) {
  switch (kind) {
    case transfer::Action::Kind::copy:
      return direction == Direction::down ? "get" : "put";
    case transfer::Action::Kind::move:
      return "move";
    case transfer::Action::Kind::make_directory:
      return "mkdir";
    default:
      return "delete";
  }
}

/// The same line whether it is done or would be.
void print_action(const transfer::Action& action, Direction direction) {
  const bool directory =
      action.kind == transfer::Action::Kind::make_directory || action.kind == transfer::Action::Kind::remove_directory;
  const std::string path = escape_control(action.path) + (directory ? "/" : "");
  const std::string size = action.size ? fmt::format("{} bytes, ", *action.size) : "";
  fmt::print("{:<7}{} ({}{})\n", word_of(action.kind, direction), path == "/" ? "./" : path, size, action.reason);
}

void print_totals(const transfer::MirrorTotals& totals) {
  fmt::print(
      "total: {} files to copy ({}), {} directories to make, {} to delete; {} the same, {} left out, {} failed\n",
      totals.files, format_bytes(totals.bytes), totals.directories, totals.removed, totals.same, totals.skipped,
      totals.failed);
}

Exit exit_of_totals(const transfer::MirrorTotals& totals) {
  if (totals.ended) return exit_of(*totals.ended);
  return totals.failed == 0 ? Exit::ok : Exit::some_failed;
}

std::unique_ptr<transfer::Copies> copies_of(Session& session, const Ends& ends, transfer::FileOptions file) {
  const unsigned parallel = session.settings().parallel;
  if (parallel <= 1)
    return transfer::copies_in_turn(*ends.connection, ends.places, std::move(file), session.board(), session.stop());
  const transfer::QueueOptions queue{.workers = parallel, .waiting = 100, .note = [](const std::string& sentence) {
                                       fmt::print(stderr, "gantry: {}\n", sentence);
                                     }};
  return transfer::copies_side_by_side(
      queue,
      [&session, connection = ends.connection]() -> std::shared_ptr<ftp::Connection> {
        return session.another(*connection);
      },
      ends.places, std::move(file), session.board(), session.stop());
}

ftp::Outcome<transfer::MirrorTotals> run_once(Session& session, const MirrorArguments& arguments, Ends& ends,
                                              bool dry_run, bool quiet) {
  const bool up = ends.places.direction == Direction::up;
  transfer::MirrorOptions options = arguments.options;
  options.dry_run = dry_run;
  options.compare.times_kept = !up || ends.connection->features().has("MFMT");
  transfer::FileOptions file = session.settings().file;
  file.existing = transfer::Existing::overwrite;
  const auto copies = copies_of(session, ends, std::move(file));
  const transfer::MirrorEvents events{
      .begins =
          [&](const transfer::Action& action) {
            if (!quiet) print_action(action, ends.places.direction);
          },
      .fails = [&](const std::string& path,
                   const ftp::Failure& failure) { session.report(path.empty() ? "." : path, failure); },
      .notes =
          [&](const std::string& path, const std::string& why) {
            if (!quiet) fmt::print(stderr, "gantry: {}: {}\n", path.empty() ? "." : escape_control(path), why);
          },
  };
  return transfer::mirror({.from = up ? *ends.local : *ends.remote,
                           .to = up ? *ends.remote : *ends.local,
                           .copies = *copies,
                           .same_content = {}},
                          std::move(options), events, session.stop());
}

Exit run_mirror(Session& session, const MirrorArguments& arguments) {
  if (!arguments.bad_pattern.empty())
    return session.report(arguments.bad_pattern, {.why = ftp::Why::usage, .text = "this pattern can match no name"});
  auto ends = ends_of(session, arguments);
  if (!ends) return session.report(arguments.from, ends.error());
  auto totals = run_once(session, arguments, *ends, arguments.options.dry_run, false);
  if (!totals) return session.report(arguments.from, totals.error());
  print_totals(*totals);
  return exit_of_totals(*totals);
}

/// Shows what would be done and asks; with --yes it is a mirror that deletes.
Exit run_sync(Session& session, MirrorArguments arguments) {
  arguments.options.compare.remove = true;
  if (arguments.yes || arguments.options.dry_run) return run_mirror(session, arguments);
  if (!terminal::answers())
    return session.report(
        "sync", {.why = ftp::Why::usage, .text = "there is no terminal to ask on: --yes does it, --dry-run shows it"});
  auto ends = ends_of(session, arguments);
  if (!ends) return session.report(arguments.from, ends.error());
  auto plan = run_once(session, arguments, *ends, true, false);
  if (!plan) return session.report(arguments.from, plan.error());
  print_totals(*plan);
  if (plan->files + plan->directories + plan->removed == 0) return exit_of_totals(*plan);
  fmt::print("Do this? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  if (!std::getline(std::cin, answer) || !to_lower(answer).starts_with('y')) return Exit::ok;
  auto totals = run_once(session, arguments, *ends, false, true);
  if (!totals) return session.report(arguments.from, totals.error());
  print_totals(*totals);
  return exit_of_totals(*totals);
}

void add_pattern(MirrorArguments& arguments, bool include, const std::string& pattern) {
  if (!arguments.options.filter.add(include, pattern)) arguments.bad_pattern = pattern.empty() ? "\"\"" : pattern;
}

/// Lines "+ pattern" take in, others leave out, with or without "- " before them.
void add_patterns(MirrorArguments& arguments, const std::string& file) {
  std::ifstream in(file);
  if (!in) throw CLI::ValidationError("--exclude-from", file + ": cannot be read");
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const bool include = line.starts_with("+ ");
    add_pattern(arguments, include, include || line.starts_with("- ") ? line.substr(2) : line);
  }
}

void add_filters(CLI::App& app, MirrorArguments& arguments) {
  // Called while words are read, because the order among the three counts.
  app.add_option_function<std::string>(
         "--include", [&arguments](const std::string& text) { add_pattern(arguments, true, text); },
         "Take names that match, unless a pattern before this one decides")
      ->trigger_on_parse();
  app.add_option_function<std::string>(
         "--exclude", [&arguments](const std::string& text) { add_pattern(arguments, false, text); },
         "Leave out names that match: \"*.o\", \"/top\", \"build/\", \"a/**/b\"")
      ->trigger_on_parse();
  app.add_option_function<std::string>(
         "--exclude-from", [&arguments](const std::string& file) { add_patterns(arguments, file); },
         "Patterns to leave out from a file, one a line; \"+ \" before one takes in")
      ->trigger_on_parse();
}

void add_options(CLI::App& app, MirrorArguments& arguments) {
  auto& options = arguments.options;
  app.add_option("from", arguments.from, "The tree to copy: a URL, or a directory of this machine")->required();
  app.add_option("to", arguments.to, "Its copy");
  app.add_flag("-R,--reverse", arguments.reverse, "The first tree is local and the second the server's");
  app.add_flag("-n,--dry-run", options.dry_run, "Only print what would be done");
  app.add_option("--by", options.compare.by, "What makes two files the same")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, By>{{"size+time", By::size_and_time}, {"size", By::size}, {"time", By::time}}));
  app.add_flag("--only-newer", options.compare.only_newer, "Replace files by newer ones only");
  app.add_flag("--ignore-existing", options.compare.ignore_existing, "Leave alone what is there");
  app.add_flag("--ignore-times", options.compare.ignore_times, "Copy also files that look the same");
  app.add_flag("--overwrite", options.compare.overwrite, "Let a file replace a directory, and the other way round");
  app.add_flag("--delete-first", options.remove_first, "Delete before copying instead of after all went well");
  app.add_option("--max-delete", options.max_remove, "Delete nothing when it would be more names than this");
  app.add_flag("--move", options.move, "Remove files of the source once their copies are proved");
  app.add_option("--links", arguments.links, "Symbolic links of the source: skip or follow")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Links>{{"skip", Links::skip}, {"follow", Links::follow}}));
  add_filters(app, arguments);
}

Action define_mirror(CLI::App& app) {
  auto arguments = std::make_shared<MirrorArguments>();
  add_options(app, *arguments);
  app.add_flag("--delete", arguments->options.compare.remove, "Delete what the source does not have");
  return [arguments](Session& session) { return run_mirror(session, *arguments); };
}

Action define_sync(CLI::App& app) {
  auto arguments = std::make_shared<MirrorArguments>();
  add_options(app, *arguments);
  app.add_flag("-y,--yes", arguments->yes, "Do not ask");
  return [arguments](Session& session) { return run_sync(session, *arguments); };
}

}  // namespace

std::vector<Verb> mirror_verbs() {
  return {
      {.name = "mirror",
       .aliases = {},
       .group = "trees",
       .summary = "Copy a tree: what is new or changed",
       .completes = Completes::remote_directories,
       .define = define_mirror},
      {.name = "sync",
       .aliases = {},
       .group = "trees",
       .summary = "Make a tree equal to another: shows what that takes, asks, then copies and deletes",
       .completes = Completes::remote_directories,
       .define = define_sync},
  };
}

}  // namespace gantry::client
