#include "client/results.hpp"

#include <utility>

namespace gantry::client {

Exit succeeded(Session& session, std::string_view verb, const std::string& path, boost::json::object more) {
  if (!session.settings().json) return Exit::ok;
  boost::json::object object;
  object["verb"] = verb;
  put_name(object, "path", path);
  object["ok"] = true;
  for (auto& [key, value] : more) object[key] = std::move(value);
  print_json(object);
  return Exit::ok;
}

Exit failed(Session& session, std::string_view verb, const std::string& path, const ftp::Failure& failure) {
  if (session.settings().json) {
    boost::json::object object;
    object["verb"] = verb;
    put_name(object, "path", path);
    put_failure(object, failure);
    print_json(object);
  }
  return session.report(path, failure);
}

Exit for_each_target(Session& session, std::string_view verb, const std::vector<std::string>& arguments,
                     const std::function<Exit(const Target&)>& work) {
  Ends ends;
  for (const std::string& argument : arguments) {
    auto targets = expand(session, argument);
    if (!targets) {
      ends.add(failed(session, verb, argument, targets.error()));
      continue;
    }
    for (const Target& target : *targets) {
      if (session.stop()) {
        ends.add(Exit::stopped);
        return ends.end();
      }
      ends.add(work(target));
    }
  }
  return ends.end();
}

}  // namespace gantry::client
