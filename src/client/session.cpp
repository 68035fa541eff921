#include "client/session.hpp"

#include <fmt/format.h>

#include <fstream>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "ftp/site.hpp"
#include "terminal/live.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

/// The first line, without its end.
ftp::Outcome<Secret> read_password(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line) && line.empty()) return ftp::failed(ftp::Why::local, file + ": holds no password");
  if (line.ends_with('\r')) line.pop_back();
  return Secret(line);
}

}  // namespace

std::string resolve(const std::string& base, const std::string& path) {
  std::vector<std::string_view> names;
  const std::string whole = path.starts_with('/') ? path : base + "/" + path;
  for (const std::string_view name : split(whole, '/')) {
    if (name.empty() || name == ".") continue;
    if (name != "..")
      names.push_back(name);
    else if (!names.empty())
      names.pop_back();
  }
  std::string resolved;
  for (const std::string_view name : names) resolved.append("/").append(name);
  return resolved.empty() ? "/" : resolved;
}

ftp::ConnectionOptions Session::connection_options() const {
  ftp::ConnectionOptions options = settings_.connection;
  options.stop = &stop_;
  return options;
}

ftp::Outcome<ftp::Connection*> Session::connect(const ftp::Site& wanted) {
  ftp::Site site = wanted;
  if (settings_.plain) site.security = ftp::Security::off;
  auto& connection = connections_[ftp::to_text(site)];
  if (connection == nullptr) {
    if (!settings_.password_file.empty()) {
      auto password = read_password(settings_.password_file);
      if (!password) return ftp::failed(password.error());
      site.password = *password;
    }
    connection = std::make_unique<ftp::Connection>(site, connection_options());
  }
  if (auto opened = connection->open(); !opened) return ftp::failed(opened.error());
  return connection.get();
}

ftp::Outcome<Place> Session::place(const std::string& argument) {
  Place place = here_;
  place.directory = argument.ends_with('/');
  if (ftp::is_url(argument)) {
    auto url = ftp::parse_url(argument);
    if (!url) return ftp::failed(url.error());
    auto connection = connect(url->site);
    if (!connection) return ftp::failed(connection.error());
    place.connection = *connection;
    place.path = resolve((*connection)->home(), url->path);
    return place;
  }
  if (place.connection == nullptr)
    return ftp::failed(ftp::Why::usage, fmt::format("\"{}\": name a server, ftp://USER@HOST/PATH", argument));
  place.path = resolve(here_.path, argument);
  return place;
}

std::unique_ptr<ftp::Connection> Session::another(const ftp::Connection& like) const {
  return std::make_unique<ftp::Connection>(like.site(), connection_options());
}

ftp::Outcome<void> Session::go(const std::string& url_or_path) {
  auto target = place(url_or_path);
  if (!target) return ftp::failed(target.error());
  return enter(*target);
}

ftp::Outcome<void> Session::go_back() {
  if (before_.connection == nullptr) return ftp::failed(ftp::Why::usage, "there is nowhere to go back to");
  return enter(before_);
}

ftp::Outcome<void> Session::enter(const Place& target) {
  if (auto entered = target.connection->demand("CWD " + target.path); !entered) return ftp::failed(entered.error());
  before_ = std::exchange(here_, target);
  return {};
}

std::vector<const ftp::Connection*> Session::servers() const {
  std::vector<const ftp::Connection*> all;
  for (const auto& [name, connection] : connections_) all.push_back(connection.get());
  return all;
}

void Session::leave() {
  here_ = {};
  before_ = {};
  connections_.clear();
}

Exit Session::report(const std::string& what, const ftp::Failure& failure) const {
  terminal::say(fmt::format("gantry: {}: {}", terminal::printable(what), failure.text));
  return exit_of(failure);
}

}  // namespace gantry::client
