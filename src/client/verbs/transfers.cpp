// Verbs that move files: get, put.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "client/progress.hpp"
#include "client/speed_options.hpp"
#include "client/verbs/verbs.hpp"
#include "transfer/segments.hpp"

namespace gantry::client {
namespace {

struct TwoPaths {
  std::string from;
  std::string to;
};

std::string last_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Exit get(Session& session, const TwoPaths& arguments) {
  auto place = session.place(arguments.from);
  if (!place) return session.report(arguments.from, place.error());
  std::filesystem::path local = arguments.to.empty() ? last_name(place->path) : arguments.to;
  if (std::error_code problem; std::filesystem::is_directory(local, problem)) local /= last_name(place->path);
  const ShowProgress progress(session.board(), session.settings());
  const auto id = session.board().add(local.string(), transfer::Direction::down);
  auto done =
      transfer::download_segmented(*place->connection, place->path, local.string(), session.settings().file,
                                   segment_options(session, *place->connection), session.board(), id, session.stop());
  if (!done) return session.report(arguments.from, done.error());
  return Exit::ok;
}

Exit put(Session& session, const TwoPaths& arguments) {
  auto place = session.place(arguments.to.empty() ? last_name(arguments.from) : arguments.to);
  if (!place) return session.report(arguments.to, place.error());
  const std::string remote = place->directory ? resolve(place->path, last_name(arguments.from)) : place->path;
  const ShowProgress progress(session.board(), session.settings());
  const auto id = session.board().add(arguments.from, transfer::Direction::up);
  auto done =
      transfer::upload_segmented(*place->connection, arguments.from, remote, session.settings().file,
                                 segment_options(session, *place->connection), session.board(), id, session.stop());
  if (!done) return session.report(arguments.from, done.error());
  return Exit::ok;
}

template <Exit (*work)(Session&, const TwoPaths&)>
Action define_two(CLI::App& app) {
  auto arguments = std::make_shared<TwoPaths>();
  app.add_option("from", arguments->from, "What to copy")->required();
  app.add_option("to", arguments->to, "Its new place; default: the same name in the current directory");
  return [arguments](Session& session) { return work(session, *arguments); };
}

}  // namespace

std::vector<Verb> transfer_verbs() {
  return {
      {.name = "get", .aliases = {}, .group = "copy", .summary = "Fetch a file", .define = define_two<get>},
      {.name = "put",
       .aliases = {},
       .group = "copy",
       .summary = "Send a file",
       .completes = Completes::local_then_remote,
       .define = define_two<put>},
  };
}

}  // namespace gantry::client
