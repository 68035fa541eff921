// What Tab offers: commands, options, names on the server and here. Must not know: how lines are edited.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/session.hpp"
#include "client/verb.hpp"
#include "client/words.hpp"
#include "terminal/line_editor.hpp"

namespace gantry::client {

class Completer {
 public:
  /// `own` are the commands of the shell beside the verbs.
  Completer(Session& session, std::vector<std::string_view> own) : session_(session), own_(std::move(own)) {}

  /// Asks the server where names of it are wanted; what it listed is good for some seconds. A server that does not
  /// answer offers nothing.
  [[nodiscard]] terminal::Completion complete(std::string_view line);
  /// A command ran: what was listed may be old.
  void forget() { listings_.clear(); }

 private:
  struct Name {
    std::string name;
    bool directory = false;
  };
  struct Listing {
    std::chrono::steady_clock::time_point at;
    std::vector<Name> names;
  };

  [[nodiscard]] std::vector<std::string> commands() const;
  [[nodiscard]] std::vector<Name> remote(const std::string& directory);
  void add_names(terminal::Completion& found, const Typing& typing, Completes what);

  Session& session_;
  std::vector<std::string_view> own_;
  std::map<std::string, Listing> listings_;
};

}  // namespace gantry::client
