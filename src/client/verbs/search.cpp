// Verbs that go through trees: find, du.
#include <fmt/format.h>
#include <fnmatch.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/units.hpp"
#include "client/entry_text.hpp"
#include "client/results.hpp"
#include "client/time_words.hpp"
#include "client/verbs/verbs.hpp"
#include "client/walk.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

/// The walk went on, but something in it could not be read.
Walk::Failed note_failures(Session& session, const char* verb, Ends& ends) {
  return [&session, verb, &ends](const Step& step, const ftp::Failure& failure) {
    ends.add(failed(session, verb, step.path, failure));
  };
}

// ---- find

struct FindOptions {
  std::vector<std::string> paths;
  std::string name;
  bool any_case = false;
  std::string type;
  std::string larger;
  std::string smaller;
  std::string newer;
  std::string older;
  unsigned depth = Walk::deepest;
};

/// The options in the form they are compared in.
struct Filter {
  std::string name;
  bool any_case = false;
  std::optional<ftp::Kind> kind{};
  std::optional<std::uint64_t> least{};
  std::optional<std::uint64_t> most{};
  std::optional<WallTime> after{};
  std::optional<WallTime> before{};

  [[nodiscard]] bool takes(const ftp::Entry& entry) const {
    if (kind && entry.kind != *kind) return false;
    if (least && (!entry.size || *entry.size < *least)) return false;
    if (most && (!entry.size || *entry.size > *most)) return false;
    if (after && (!entry.modified || *entry.modified <= *after)) return false;
    if (before && (!entry.modified || *entry.modified >= *before)) return false;
    return name.empty() ||
           ::fnmatch(name.c_str(), entry.name.c_str(), FNM_NOESCAPE | (any_case ? FNM_CASEFOLD : 0)) == 0;
  }
};

Filter filter_of(const FindOptions& options) {
  Filter filter{.name = options.name, .any_case = options.any_case};
  if (options.type == "f") filter.kind = ftp::Kind::file;
  if (options.type == "d") filter.kind = ftp::Kind::directory;
  if (options.type == "l") filter.kind = ftp::Kind::link;
  if (!options.larger.empty()) filter.least = parse_bytes(options.larger);
  if (!options.smaller.empty()) filter.most = parse_bytes(options.smaller);
  if (!options.newer.empty()) filter.after = parse_moment(options.newer, wall_now());
  if (!options.older.empty()) filter.before = parse_moment(options.older, wall_now());
  return filter;
}

Exit find_below(Session& session, const FindOptions& options, const Target& target) {
  const Filter filter = filter_of(options);
  Ends ends;
  const bool json = session.settings().json;
  const Walk how{.depth = options.depth,
                 .meet =
                     [&](const Step& step) {
                       if (filter.takes(step.entry)) {
                         if (json)
                           print_json(entry_to_json(step.path, step.entry));
                         else
                           fmt::print("{}{}\n", terminal::printable(step.path),
                                      step.entry.kind == ftp::Kind::directory ? "/" : "");
                       }
                       return true;
                     },
                 .failed = note_failures(session, "find", ends)};
  auto done = walk(*target.place.connection, target.place.path, how, session.stop());
  if (!done) ends.add(failed(session, "find", target.shown, done.error()));
  return ends.end();
}

CLI::Validator amount_of_bytes() {
  return {[](const std::string& text) {
            return parse_bytes(text) ? std::string() : "\"" + text + "\" is no amount of bytes; write e.g. 4096, 10MiB";
          },
          "SIZE"};
}

CLI::Validator moment() {
  return {[](const std::string& text) {
            return parse_moment(text, wall_now())
                       ? std::string()
                       : "\"" + text + "\" is no time; write 7d, 24h, 2026-01-31 or 2026-01-31T09:15:00Z";
          },
          "TIME"};
}

Action define_find(CLI::App& app) {
  auto options = std::make_shared<FindOptions>();
  app.add_option("directory", options->paths, "Where to look; default: here");
  app.add_option("-n,--name", options->name, "Names that match a pattern: '*.txt'");
  app.add_flag("-i,--ignore-case", options->any_case, "Small and capital letters are the same in --name");
  app.add_option("-t,--type", options->type, "f: files, d: directories, l: links")
      ->check(CLI::IsMember({"f", "d", "l"}));
  app.add_option("--larger", options->larger, "Of this size or more: 10MiB")->check(amount_of_bytes());
  app.add_option("--smaller", options->smaller, "Of this size or less")->check(amount_of_bytes());
  app.add_option("--newer", options->newer, "Changed after a time, 2026-01-31, or within the last 7d")->check(moment());
  app.add_option("--older", options->older, "Changed before")->check(moment());
  app.add_option("--depth", options->depth, "Directories below each other; 1: only what is in it")
      ->check(CLI::Range(1U, Walk::deepest));
  return [options](Session& session) {
    const std::vector<std::string> paths = options->paths.empty() ? std::vector<std::string>{"."} : options->paths;
    return for_each_target(session, "find", paths,
                           [&](const Target& target) { return find_below(session, *options, target); });
  };
}

// ---- du

struct UsageOptions {
  std::vector<std::string> paths;
  bool summary = false;
  bool human = false;
  unsigned depth = Walk::deepest;
};

struct Sum {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
};

class Usage {
 public:
  Usage(Session& session, const UsageOptions& options) : session_(session), options_(options) {}

  Exit count(const Target& target) {
    ends_ = {};
    sums_.assign(1, {});
    const Walk how{.meet =
                       [this](const Step& step) {
                         meet(step);
                         return true;
                       },
                   .leave = [this](const Step& step) { leave(step); },
                   .failed = note_failures(session_, "du", ends_)};
    auto done = walk(*target.place.connection, target.place.path, how, session_.stop());
    if (done)
      print(target.place.path, sums_.front());
    else
      count_file(target, done.error());
    return ends_.end();
  }

 private:
  void meet(const Step& step) {
    if (step.entry.kind == ftp::Kind::directory) {
      sums_.resize(step.depth + 1);
      sums_.back() = {};
      return;
    }
    sums_[step.depth - 1].bytes += step.entry.size.value_or(0);
    ++sums_[step.depth - 1].files;
  }

  void leave(const Step& step) {
    const Sum sum = sums_[step.depth];
    if (!options_.summary && step.depth <= options_.depth) print(step.path, sum);
    sums_[step.depth - 1].bytes += sum.bytes;
    sums_[step.depth - 1].files += sum.files;
  }

  /// `why` it could not be listed, unless it is a file.
  void count_file(const Target& target, const ftp::Failure& why) {
    const auto entry = why.why == ftp::Why::refused ? look(target) : ftp::failed(why);
    if (entry && entry->kind == ftp::Kind::file)
      print(target.place.path, {.bytes = entry->size.value_or(0), .files = 1});
    else
      ends_.add(failed(session_, "du", target.shown, why));
  }

  void print(const std::string& path, const Sum& sum) const {
    if (session_.settings().json) {
      boost::json::object object;
      put_name(object, "path", path);
      object["bytes"] = sum.bytes;
      object["files"] = sum.files;
      print_json(object);
      return;
    }
    fmt::print("{}\t{}\n", size_text(sum.bytes, options_.human), terminal::printable(path));
  }

  Session& session_;
  const UsageOptions& options_;
  std::vector<Sum> sums_;  ///< of the directories from the beginning to where the walk is
  Ends ends_;
};

Action define_usage(CLI::App& app) {
  auto options = std::make_shared<UsageOptions>();
  app.set_help_flag("--help", "Print this");
  app.add_option("path", options->paths, "Directories, files, patterns; default: here");
  app.add_flag("-s,--summary", options->summary, "Only the sum of each argument");
  app.add_flag("-h,--human", options->human, "Sizes as 1.5G");
  app.add_option("-d,--depth", options->depth, "Sums of directories down to this depth")
      ->check(CLI::Range(1U, Walk::deepest));
  return [options](Session& session) {
    const std::vector<std::string> paths = options->paths.empty() ? std::vector<std::string>{"."} : options->paths;
    Usage usage(session, *options);
    return for_each_target(session, "du", paths, [&](const Target& target) { return usage.count(target); });
  };
}

}  // namespace

std::vector<Verb> search_verbs() {
  return {
      {.name = "find",
       .aliases = {},
       .group = "look",
       .summary = "Find files by name, type, size, time",
       .completes = Completes::remote_directories,
       .define = define_find},
      {.name = "du", .aliases = {}, .group = "look", .summary = "Sum up the sizes of trees", .define = define_usage},
  };
}

}  // namespace gantry::client
