#include "client/verb.hpp"

#include <algorithm>

#include "client/existing_question.hpp"
#include "client/options.hpp"
#include "client/verbs/verbs.hpp"

namespace gantry::client {

std::span<const Verb> verbs() {
  static const std::vector<Verb> table = [] {
    std::vector<Verb> all;
    for (const auto& group : {listing_verbs(), look_verbs(), search_verbs(), transfer_verbs(), append_verbs(),
                              mirror_verbs(), verify_verbs(), manage_verbs(), remove_verbs(), server_verbs(),
                              job_verbs(), local_verbs(), configure_verbs(), describe_verbs()})
      all.insert(all.end(), group.begin(), group.end());
    return all;
  }();
  return table;
}

const Verb* find_verb(std::string_view name) {
  for (const Verb& verb : verbs())
    if (verb.name == name || std::ranges::find(verb.aliases, name) != verb.aliases.end()) return &verb;
  return nullptr;
}

Exit run_verb(Session& session, const Verb& verb, std::vector<std::string> words) {
  session.begin(words);
  session.settings().file.ask = existing_question(session);
  return run_within(session, verb, std::move(words));
}

Exit run_within(Session& session, const Verb& verb, std::vector<std::string> words) {
  CLI::App app{std::string(verb.summary), std::string(verb.name)};
  const Action action = verb.define(app);
  add_options(app, session.settings(), verb.moves);
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? Exit::ok : Exit::usage;
  }
  return action(session);
}

}  // namespace gantry::client
