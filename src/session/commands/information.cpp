// What the server can do and how it is: FEAT, HELP, SYST, NOOP, STAT, OPTS and the clients' introductions.
#include <fmt/format.h>

#include "base/text.hpp"
#include "proto/numbers.hpp"
#include "session/commands/handlers.hpp"
#include "session/commands/hash_names.hpp"
#include "session/dispatch.hpp"
#include "session/session.hpp"

namespace gantry::session::commands {
namespace {

using proto::multiline;
using proto::reply;

std::vector<std::string> transfer_status(const Session& session) {
  const auto& progress = session.state.progress;
  if (auto far = session.state.files ? session.state.files->rename_progress() : std::nullopt)
    return {fmt::format("Renaming a directory: {} of {} objects copied", far->copied, far->of)};
  if (!progress) return {};
  auto elapsed = std::chrono::duration<double>(SteadyClock::now() - progress->started).count();
  return {fmt::format("{}: {} bytes so far in {:.1f} seconds", progress->what, progress->bytes, elapsed)};
}

}  // namespace

Answer feat(Session& session, std::string) {
  std::vector<std::string> lines;
  for (const Row& row : command_table()) {
    if (row.feature == nullptr || !offered(row, session)) continue;
    // A row may stand for several features, one a line.
    for (std::string_view line : split(row.feature(session), '\n')) {
      if (!line.empty()) lines.emplace_back(line);
    }
  }
  co_return multiline(211, "Features:", std::move(lines), "End");
}

Answer help(Session& session, std::string verb) {
  std::string name = to_upper(trim(verb));
  if (name.empty()) co_return multiline(214, "These commands are known:", help_lines(session, command_table()), "End");
  const Row* row = find_row(command_table(), name);
  if (row == nullptr || !offered(*row, session)) co_return reply(502, "No such command");
  if (auto sub_table = sub_commands(*row); !sub_table.empty())
    co_return multiline(214, fmt::format("{} knows:", name), help_lines(session, sub_table), "End");
  co_return reply(214, fmt::format("Syntax: {}", row->syntax));
}

Answer syst(Session&, std::string) { co_return reply(215, "UNIX Type: L8"); }

Answer noop(Session&, std::string) { co_return reply(200, "OK"); }

Answer stat(Session& session, std::string path) {
  if (!path.empty()) {
    if (!session.state.logged_in) co_return reply(530, "Log in with USER and PASS first");
    if (session.busy()) co_return reply(450, "A transfer is running; ask again when it has ended");
    co_return co_await stat_path(session, std::move(path));
  }
  const State& state = session.state;
  std::vector<std::string> lines{fmt::format("Connected from {}", session.peer_text())};
  lines.push_back(state.logged_in ? fmt::format("Logged in as {}", state.user) : "Not logged in");
  lines.push_back(fmt::format("Control connection: {}",
                              session.encrypted() ? session.control().stream().cipher() : std::string("clear")));
  lines.push_back(fmt::format(
      "TYPE {}; STRU F; MODE {}; data connections {}", state.type == TransferType::ascii ? "A" : "I",
      state.mode == TransferMode::stream ? "S" : "Z", state.protection == Protection::private_ ? "private" : "clear"));
  auto running = transfer_status(session);
  lines.insert(lines.end(), running.begin(), running.end());
  co_return multiline(211, "Gantry status:", std::move(lines), "End");
}

Answer clnt(Session& session, std::string name) {
  session.state.client = escape_control(name).substr(0, 200);
  co_return reply(200, "Noted");
}

Answer csid(Session& session, std::string facts) {
  session.state.client = escape_control(facts).substr(0, 200);
  co_return reply(200, "Name=Gantry;");
}

Answer lang(Session&, std::string tag) {
  std::string wanted = to_upper(trim(tag));
  if (wanted.empty() || wanted == "EN" || wanted.starts_with("EN-")) co_return reply(200, "Replies are in English");
  co_return reply(504, "Replies are in English only");
}

Answer smnt(Session&, std::string) { co_return reply(502, "There is nothing to mount"); }

Answer opts(Session& session, std::string argument) {
  return run_sub_command(session, "OPTS", opts_table(), std::move(argument));
}

Answer opts_utf8(Session&, std::string value) {
  std::string word = to_upper(trim(value));
  if (word.empty() || word == "ON" || word == "NLST") co_return reply(200, "Names are UTF-8, always");
  if (word == "OFF") co_return reply(504, "Names are UTF-8, always");
  co_return reply(501, "OPTS UTF8 takes ON");
}

Answer opts_mlst(Session& session, std::string facts) { co_return reply(200, session.state.facts.select(facts)); }

Answer opts_hash(Session& session, std::string algorithm) {
  std::string wanted(trim(algorithm));
  if (!wanted.empty()) {
    auto known = hash_algorithm(wanted);
    if (!known) co_return reply(504, "That hash algorithm is not known; FEAT lists them");
    session.state.hash = *known;
  }
  co_return reply(200, std::string(hash_name(session.state.hash)));
}

Answer opts_mode(Session& session, std::string argument) {
  // draft-preston-ftpext-deflate: OPTS MODE Z LEVEL n
  auto words = split(trim(argument), ' ');
  bool shape = words.size() == 3 && to_upper(words[0]) == "Z" && to_upper(words[1]) == "LEVEL";
  auto level = shape ? proto::parse_offset(words[2]) : std::nullopt;
  if (!level || *level < 1 || *level > 9) co_return reply(501, "OPTS MODE takes Z LEVEL and a number from 1 to 9");
  session.state.deflate_level = static_cast<int>(*level);
  co_return reply(200, fmt::format("Compression level is {}", *level));
}

Answer opts_rest(Session&, std::string) { co_return reply(200, "REST works with RETR and STOR"); }

}  // namespace gantry::session::commands
