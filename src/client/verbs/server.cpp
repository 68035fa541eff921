// Verbs about the server and where we are on it: open, close, cd, pwd, site, quote, status.
#include <fmt/format.h>

#include <memory>

#include "client/results.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

const ftp::Failure not_connected{.why = ftp::Why::usage, .text = "not connected; open ftp://USER@HOST connects"};

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

// ---- open, close, cd, pwd

Action define_open(CLI::App& app) {
  auto url = std::make_shared<std::string>();
  app.add_option("url", *url, "ftp://USER@HOST/DIRECTORY, or a bookmark as NAME:")->required();
  return [url](Session& session) {
    auto there = session.go(session.names_server(*url) ? *url : "ftp://" + *url);
    return there ? Exit::ok : session.report(*url, there.error());
  };
}

Action define_close(CLI::App& /*app*/) {
  return [](Session& session) {
    session.leave();
    return Exit::ok;
  };
}

Action define_cd(CLI::App& app) {
  auto path = std::make_shared<std::string>();
  app.add_option("directory", *path, "Where to go; \"-\": where we were before; default: home");
  return [path](Session& session) {
    std::string to = *path;
    if (session.here().connection == nullptr && !session.names_server(to)) return session.report("cd", not_connected);
    if (to.empty() || to == "~") to = session.here().connection->home();
    auto there = to == "-" ? session.go_back() : session.go(to);
    return there ? Exit::ok : session.report(to, there.error());
  };
}

Action define_pwd(CLI::App& /*app*/) {
  return [](Session& session) {
    if (session.here().connection == nullptr) return session.report("pwd", not_connected);
    fmt::print("{}\n", terminal::printable(ftp::to_text(session.here().connection->site()) + session.here().path));
    return Exit::ok;
  };
}

// ---- site, quote

/// The whole reply, line by line, whatever it is; a refusal is told by the exit code.
Exit say(Session& session, const std::string& server, const std::string& line) {
  auto place = session.place(server);
  if (!place) return session.report(server, place.error());
  auto reply = place->connection->command(line);
  if (!reply) return session.report(line, reply.error());
  if (session.settings().json) {
    boost::json::object object;
    object["reply"] = reply->code;
    boost::json::array lines;
    for (const std::string& text : reply->lines) lines.emplace_back(terminal::printable(text));
    object["lines"] = std::move(lines);
    print_json(object);
  } else {
    for (std::size_t i = 0; i < reply->lines.size(); ++i)
      fmt::print("{}{}{}\n", reply->code, i + 1 < reply->lines.size() ? '-' : ' ',
                 terminal::printable(reply->lines[i]));
  }
  return reply->positive() ? Exit::ok : Exit::refused;
}

/// In a shell all words are the command; otherwise the first names the server. They are taken as they come: "-la" is no
/// option of ours.
template <bool site>
Action define_command(CLI::App& app) {
  app.prefix_command();
  app.footer("The words to send stand last, outside the shell behind the URL of the server.");
  return [&app](Session& session) {
    std::vector<std::string> words = app.remaining();
    std::string server = ".";
    if (!words.empty() && session.names_server(words.front())) {
      server = words.front();
      words.erase(words.begin());
    }
    if (words.empty())
      return session.report(app.get_name(), {.why = ftp::Why::usage, .text = "name the command to send"});
    return say(session, server, (site ? "SITE " : "") + joined(words));
  };
}

// ---- status

Action define_status(CLI::App& /*app*/) {
  return [](Session& session) {
    const auto servers = session.servers();
    if (servers.empty()) fmt::print("not connected\n");
    for (const ftp::Connection* connection : servers) {
      const bool here = connection == session.here().connection;
      fmt::print("{} {}, {}{}\n", here ? "*" : " ", terminal::printable(ftp::to_text(connection->site())),
                 connection->site().security == ftp::Security::off ? "in clear text" : "over TLS",
                 here ? ", in " + terminal::printable(session.here().path) : "");
    }
    return Exit::ok;
  };
}

}  // namespace

std::vector<Verb> server_verbs() {
  using enum Where;
  using enum Completes;
  return {
      {.name = "open",
       .aliases = {},
       .group = "server",
       .summary = "Connect to a server",
       .where = shell_only,
       .completes = bookmarks,
       .define = define_open},
      {.name = "close",
       .aliases = {},
       .group = "server",
       .summary = "Close all connections",
       .where = shell_only,
       .completes = nothing,
       .define = define_close},
      {.name = "cd",
       .aliases = {},
       .group = "server",
       .summary = "Change the directory on the server",
       .where = shell_only,
       .completes = remote_directories,
       .define = define_cd},
      {.name = "pwd",
       .aliases = {},
       .group = "server",
       .summary = "Where we are on the server",
       .where = shell_only,
       .completes = nothing,
       .define = define_pwd},
      {.name = "site",
       .aliases = {},
       .group = "server",
       .summary = "Send a SITE command",
       .completes = nothing,
       .define = define_command<true>},
      {.name = "quote",
       .aliases = {},
       .group = "server",
       .summary = "Send a command as it is",
       .completes = nothing,
       .define = define_command<false>},
      {.name = "status",
       .aliases = {},
       .group = "server",
       .summary = "The connections there are",
       .where = shell_only,
       .completes = nothing,
       .define = define_status},
  };
}

}  // namespace gantry::client
