// Verbs for whole trees: mirror, sync.
#include "transfer/mirror.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "client/progress.hpp"
#include "client/results.hpp"
#include "client/trees.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/live.hpp"
#include "terminal/question.hpp"
#include "terminal/screen.hpp"
#include "transfer/content.hpp"

namespace gantry::client {
namespace {

using transfer::By;
using transfer::Direction;
using transfer::MirrorTotals;

struct MirrorArguments {
  std::string from;
  std::string to;
  bool reverse = false;
  transfer::Links links = transfer::Links::skip;
  bool yes = false;
  transfer::MirrorOptions options;
};

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
std::string line_of(const transfer::Action& action, Direction direction) {
  using Kind = transfer::Action::Kind;
  const bool directory = action.kind == Kind::make_directory || action.kind == Kind::remove_directory;
  const std::string path = escape_control(action.path) + (directory ? "/" : "");
  const std::string size = action.size ? fmt::format("{} bytes, ", *action.size) : "";
  return fmt::format("{:<7}{} ({}{})\n", word_of(action.kind, direction), path == "/" ? "./" : path, size,
                     action.reason);
}

std::string line_of(const MirrorTotals& totals) {
  return fmt::format(
      "total: {} files to copy ({}), {} directories to make, {} to delete; {} the same, {} left out, {} failed\n",
      totals.files, format_bytes(totals.bytes), totals.directories, totals.removed, totals.same, totals.skipped,
      totals.failed);
}

boost::json::object json_of(const transfer::Action& action, Direction direction) {
  boost::json::object object;
  object["action"] = word_of(action.kind, direction);
  put_name(object, "path", action.path);
  if (action.size) object["size"] = *action.size;
  object["reason"] = action.reason;
  return object;
}

boost::json::object json_of(const MirrorTotals& totals) {
  return {{"action", "total"},     {"ok", totals.failed == 0},          {"files", totals.files},
          {"bytes", totals.bytes}, {"directories", totals.directories}, {"deleted", totals.removed},
          {"same", totals.same},   {"left_out", totals.skipped},        {"failed", totals.failed}};
}

Exit exit_of_totals(const MirrorTotals& totals) {
  if (totals.ended) return exit_of(*totals.ended);
  return totals.failed == 0 ? Exit::ok : Exit::some_failed;
}

/// One mirror() over two trees.
class Run {
 public:
  Run(Session& session, const MirrorArguments& arguments, TwoTrees& trees, bool dry_run, bool tells);
  ftp::Outcome<MirrorTotals> go();

 private:
  [[nodiscard]] std::unique_ptr<transfer::Copies> copies() const;
  [[nodiscard]] ftp::Outcome<bool> same_content(const std::string& path) const;
  void tell(const transfer::Action& action) const;

  Session& session_;
  TwoTrees& trees_;
  transfer::MirrorOptions options_;
  bool tells_;  ///< what is done
};

Run::Run(Session& session, const MirrorArguments& arguments, TwoTrees& trees, bool dry_run, bool tells)
    : session_(session), trees_(trees), options_(arguments.options), tells_(tells) {
  const auto existing = session.settings().file.existing;
  options_.dry_run = dry_run;
  options_.compare.times_kept = !trees.up() || trees.connection->features().has("MFMT");
  options_.compare.overwrite = existing == transfer::Existing::overwrite;
  options_.compare.ignore_existing = options_.compare.ignore_existing || existing == transfer::Existing::skip;
}

std::unique_ptr<transfer::Copies> Run::copies() const {
  const Settings& settings = session_.settings();
  if (settings.parallel <= 1)
    return transfer::copies_in_turn(*trees_.connection, trees_.places, settings.file, session_.board(),
                                    session_.stop());
  const transfer::QueueOptions queue{.workers = settings.parallel,
                                     .waiting = 100,
                                     .note = [](const std::string& sentence) { terminal::say("gantry: " + sentence); }};
  return transfer::copies_side_by_side(
      queue,
      [&session = session_, connection = trees_.connection]() -> std::shared_ptr<ftp::Connection> {
        return session.another(*connection);
      },
      trees_.places, settings.file, session_.board(), session_.stop());
}

ftp::Outcome<bool> Run::same_content(const std::string& path) const {
  auto compared = transfer::compare_by_checksum(*trees_.connection, trees_.places.local_path(path),
                                                trees_.places.remote_path(path), session_.stop());
  if (!compared) return ftp::failed(compared.error());
  if (compared->verdict == transfer::Verdict::unknown)
    return ftp::failed(ftp::Why::refused, "cannot be compared: " + compared->text);
  return compared->verdict == transfer::Verdict::equal;
}

void Run::tell(const transfer::Action& action) const {
  using Kind = transfer::Action::Kind;
  if (tells_ && session_.settings().json) return print_json(json_of(action, trees_.places.direction));
  // On a terminal a copy is told by the bar that it becomes.
  const bool copies = action.kind == Kind::copy || action.kind == Kind::move;
  if (tells_ && (options_.dry_run || !copies || !terminal::draws()))
    terminal::print(line_of(action, trees_.places.direction));
}

ftp::Outcome<MirrorTotals> Run::go() {
  const auto sender = copies();
  const transfer::MirrorEvents events{
      .begins = [this](const transfer::Action& action) { tell(action); },
      .fails = [this](const std::string& path,
                      const ftp::Failure& failure) { failed(session_, "mirror", path.empty() ? "." : path, failure); },
      .notes =
          [this](const std::string& path, const std::string& why) {
            if (tells_) terminal::say(fmt::format("gantry: {}: {}", path.empty() ? "." : escape_control(path), why));
          },
  };
  std::optional<ShowProgress> progress;
  if (!options_.dry_run) progress.emplace(session_.board(), session_.settings());
  session_.board().more_to_come(true);  // files are copied while the trees are read
  return transfer::mirror({.from = trees_.up() ? *trees_.local : *trees_.remote,
                           .to = trees_.up() ? *trees_.remote : *trees_.local,
                           .copies = *sender,
                           .same_content = [this](const std::string& path) { return same_content(path); }},
                          options_, events, session_.stop());
}

ftp::Outcome<TwoTrees> trees_of(Session& session, const MirrorArguments& arguments) {
  if (arguments.reverse && session.names_server(arguments.from))
    return ftp::failed(ftp::Why::usage, "-R sends a local directory, but the first argument is a URL");
  return two_trees(session, arguments.from, arguments.to, arguments.reverse, arguments.links);
}

Exit conclude(Session& session, const MirrorArguments& arguments, const ftp::Outcome<MirrorTotals>& totals,
              bool tells) {
  if (!totals) return failed(session, "mirror", arguments.from, totals.error());
  if (tells && session.settings().json)
    print_json(json_of(*totals));
  else if (tells)
    terminal::print(line_of(*totals));
  return exit_of_totals(*totals);
}

Exit run_mirror(Session& session, const MirrorArguments& arguments) {
  auto trees = trees_of(session, arguments);
  if (!trees) return failed(session, "mirror", arguments.from, trees.error());
  const bool dry_run = arguments.options.dry_run;
  const bool tells = dry_run || session.settings().show != Show::nothing;
  return conclude(session, arguments, Run(session, arguments, *trees, dry_run, tells).go(), tells);
}

/// Shows what would be done and asks; with --yes it is a mirror that deletes.
Exit run_sync(Session& session, MirrorArguments arguments) {
  arguments.options.compare.remove = true;
  if (arguments.yes || arguments.options.dry_run) return run_mirror(session, arguments);
  if (!terminal::answers())
    return session.report(
        "sync", {.why = ftp::Why::usage, .text = "there is no terminal to ask on: --yes does it, --dry-run shows it"});
  auto trees = trees_of(session, arguments);
  if (!trees) return failed(session, "mirror", arguments.from, trees.error());
  auto plan = Run(session, arguments, *trees, true, true).go();
  const Exit planned = conclude(session, arguments, plan, true);
  if (!plan || plan->files + plan->directories + plan->removed == 0) return planned;
  if (!terminal::ask_yes("Do this?", session.stop())) return planned;
  return conclude(session, arguments, Run(session, arguments, *trees, false, false).go(), true);
}

void add_options(CLI::App& app, MirrorArguments& arguments) {
  auto& options = arguments.options;
  app.add_option("from", arguments.from, "The tree to copy: a URL, or a directory of this machine")->required();
  app.add_option("to", arguments.to, "Its copy");
  app.add_flag("-R,--reverse", arguments.reverse, "The first tree is local and the second the server's");
  app.add_flag("-n,--dry-run", options.dry_run, "Only print what would be done");
  app.add_option("--by", options.compare.by, "What makes two files the same: size+time, size, time or hash")
      ->transform(CLI::CheckedTransformer(std::map<std::string, By>{
          {"size+time", By::size_and_time}, {"size", By::size}, {"time", By::time}, {"hash", By::hash}}))
      ->type_name("WHAT");
  app.add_flag("--only-newer", options.compare.only_newer, "Replace files by newer ones only");
  app.add_flag("--ignore-existing", options.compare.ignore_existing, "Leave alone what is there");
  app.add_flag("--ignore-times", options.compare.ignore_times, "Copy also files that look the same");
  app.add_flag("--delete-first", options.remove_first, "Delete before copying instead of after all went well");
  app.add_option("--max-delete", options.max_remove, "Delete nothing when it would be more names than this");
  app.add_flag("--move", options.move, "Remove files of the source once their copies are proved");
  add_links_option(app, arguments.links);
  add_filter_options(app, options.filter);
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
       .moves = Moves::trees,
       .define = define_mirror},
      {.name = "sync",
       .aliases = {},
       .group = "trees",
       .summary = "Make a tree equal to another: shows what that takes, asks, then copies and deletes",
       .completes = Completes::remote_directories,
       .moves = Moves::trees,
       .define = define_sync},
  };
}

}  // namespace gantry::client
