#include "client/shell.hpp"

#include <fmt/format.h>

#include <iostream>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "client/verb.hpp"

namespace gantry::client {

Exit run_shell(Session& session) {
  Exit end = Exit::ok;
  for (std::string line; fmt::print("gantry {}> ", session.here().path), std::getline(std::cin, line);) {
    std::vector<std::string> words;
    for (const std::string_view word : split(line, ' '))
      if (!word.empty()) words.emplace_back(word);
    if (words.empty()) continue;
    if (words.front() == "bye") break;
    const Verb* verb = find_verb(words.front());
    if (verb == nullptr) {
      fmt::print(stderr, "{}: no such command; help lists them\n", words.front());
      end = Exit::usage;
      continue;
    }
    words.erase(words.begin());
    end = run_verb(session, *verb, std::move(words));
  }
  return end;
}

}  // namespace gantry::client
