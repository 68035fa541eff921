// The verb that compares a tree here with one on a server.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.hpp"
#include "client/results.hpp"
#include "client/trees.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/live.hpp"
#include "transfer/content.hpp"
#include "transfer/verify_trees.hpp"

namespace gantry::client {
namespace {

using Verdict = transfer::VerifiedFile::Verdict;

struct VerifyArguments {
  std::string local;
  std::string remote;
  bool download = false;
  bool all = false;
  transfer::Links links = transfer::Links::skip;
  transfer::VerifyOptions options;
};

std::string line_of(const transfer::VerifiedFile& file) {
  const std::string path = file.path.empty() ? "." : escape_control(file.path) + (file.directory ? "/" : "");
  const std::string text = file.text.empty() ? "" : fmt::format(" ({})", escape_control(file.text));
  return fmt::format("{:<14}{}{}\n", display_name(file.verdict), path, text);
}

std::string line_of(const std::map<Verdict, std::size_t>& counts) {
  std::string line = "total:";
  for (const auto& [verdict, count] : counts)
    line += fmt::format("{}{} {}", line.ends_with(':') ? " " : ", ", count, display_name(verdict));
  return (counts.empty() ? "total: nothing to compare" : line) + "\n";
}

boost::json::object json_of(const transfer::VerifiedFile& file) {
  boost::json::object object;
  put_name(object, "path", file.path);
  object["ok"] = is_good(file.verdict);
  object["verdict"] = display_name(file.verdict);
  if (!file.text.empty()) object["text"] = escape_control(file.text);
  return object;
}

boost::json::object json_of(const std::map<Verdict, std::size_t>& counts, bool good) {
  boost::json::object object{{"verdict", "total"}, {"ok", good}};
  for (const auto& [verdict, count] : counts) object[display_name(verdict)] = count;
  return object;
}

Exit verify(Session& session, const VerifyArguments& arguments) {
  auto trees = two_trees(session, arguments.local, arguments.remote, true, arguments.links);
  if (!trees) return failed(session, "verify", arguments.remote, trees.error());
  const auto pace = [&session](std::size_t bytes) {
    if (session.settings().file.pace) session.settings().file.pace(bytes, session.stop());
  };
  const transfer::CompareContent compare = [&](const std::string& path) {
    const std::string local = trees->places.local_path(path);
    const std::string remote = trees->places.remote_path(path);
    return arguments.download ? transfer::compare_by_download(*trees->connection, local, remote, pace)
                              : transfer::compare_by_checksum(*trees->connection, local, remote, session.stop());
  };
  std::map<Verdict, std::size_t> counts;
  const transfer::TellVerdict tell = [&](const transfer::VerifiedFile& file) {
    ++counts[file.verdict];
    if (!arguments.all && is_good(file.verdict)) return;
    if (session.settings().json)
      print_json(json_of(file));
    else
      terminal::print(line_of(file));
  };
  auto done = transfer::verify_trees(*trees->local, *trees->remote, arguments.options, compare, tell, session.stop());
  if (!done) return failed(session, "verify", arguments.local, done.error());
  const bool good = std::ranges::all_of(counts, [](const auto& count) { return is_good(count.first); });
  if (session.settings().json)
    print_json(json_of(counts, good));
  else
    terminal::print(line_of(counts));
  return good ? Exit::ok : Exit::refused;
}

Action define_verify(CLI::App& app) {
  auto arguments = std::make_shared<VerifyArguments>();
  app.add_option("local", arguments->local, "A directory or file of this machine")->required();
  app.add_option("remote", arguments->remote, "The same on a server")->required();
  app.add_flag("--download", arguments->download, "Fetch the server's files and compare every byte");
  app.add_flag("--all", arguments->all, "Also print the files that are the same");
  add_links_option(app, arguments->links);
  add_filter_options(app, arguments->options.filter);
  return [arguments](Session& session) { return verify(session, *arguments); };
}

}  // namespace

std::vector<Verb> verify_verbs() {
  return {{.name = "verify",
           .aliases = {},
           .group = "trees",
           .summary = "Compare a tree or file here with one on a server",
           .completes = Completes::local_then_remote,
           .define = define_verify}};
}

}  // namespace gantry::client
