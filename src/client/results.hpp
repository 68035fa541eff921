// What verbs say of each thing they worked on, and the exit code that all of it makes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/exit.hpp"
#include "client/json.hpp"
#include "client/remote_paths.hpp"
#include "client/session.hpp"

namespace gantry::client {

/// The exit code of several things done one after the other.
class Ends {
 public:
  void add(Exit end) { all_ = all_ ? combine(*all_, end) : end; }
  [[nodiscard]] Exit end() const { return all_.value_or(Exit::ok); }

 private:
  std::optional<Exit> all_;
};

/// With --json prints {"verb", "path", "ok": true} and `more`; otherwise nothing.
Exit succeeded(Session& session, std::string_view verb, const std::string& path, boost::json::object more = {});
/// With --json prints {"verb", "path", "ok": false, "error", ...}; always the sentence on standard error.
Exit failed(Session& session, std::string_view verb, const std::string& path, const ftp::Failure& failure);

/// `work` for everything the arguments name, until Ctrl-C.
Exit for_each_target(Session& session, std::string_view verb, const std::vector<std::string>& arguments,
                     const std::function<Exit(const Target&)>& work);

}  // namespace gantry::client
