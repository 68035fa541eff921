// Verbs that look: ls.
#include <fmt/format.h>

#include <memory>

#include "base/text.hpp"
#include "client/verbs/verbs.hpp"

namespace gantry::client {
namespace {

struct ListArguments {
  std::vector<std::string> paths;
};

Exit list(Session& session, const std::string& path) {
  auto place = session.place(path);
  if (!place) return session.report(path, place.error());
  auto entries = place->connection->list(place->path);
  if (!entries) return session.report(path, entries.error());
  for (const auto& entry : *entries)
    fmt::print("{}{}\n", escape_control(entry.name), entry.kind == ftp::Kind::directory ? "/" : "");
  return Exit::ok;
}

Action define_list(CLI::App& app) {
  auto arguments = std::make_shared<ListArguments>();
  app.add_option("path", arguments->paths, "Directories or files");
  return [arguments](Session& session) {
    if (arguments->paths.empty()) return list(session, ".");
    Exit end = list(session, arguments->paths.front());
    for (std::size_t i = 1; i < arguments->paths.size(); ++i) end = combine(end, list(session, arguments->paths[i]));
    return end;
  };
}

}  // namespace

std::vector<Verb> listing_verbs() {
  return {{.name = "ls", .aliases = {"dir"}, .group = "look", .summary = "List a directory", .define = define_list}};
}

}  // namespace gantry::client
