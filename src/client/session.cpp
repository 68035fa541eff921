#include "client/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "client/credentials.hpp"
#include "client/jobs.hpp"
#include "client/trust.hpp"
#include "ftp/site.hpp"
#include "terminal/live.hpp"
#include "terminal/text.hpp"

namespace gantry::client {

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

Session::Session(Config config, std::function<void(Settings&)> options)
    : config_(std::move(config)), options_(std::move(options)), jobs_(std::make_shared<Jobs>()) {
  begin({});
}

ftp::ConnectionOptions Session::connection_options() const {
  ftp::ConnectionOptions options = settings_.connection;
  options.stop = &stop_;
  complete_trust(options, stop_);
  return options;
}

ftp::Outcome<Secret> Session::password_of(const ftp::Site& site) const {
  return find_password(site, {.file = settings_.password_file,
                              .netrc = netrc_file(),
                              .warn = [](const std::string& text) { fmt::print(stderr, "gantry: {}\n", text); },
                              .stop = &stop_});
}

ftp::Outcome<ftp::Connection*> Session::connect(const ftp::Site& wanted, const std::string& bookmark) {
  ftp::Site site = wanted;
  if (settings_.plain) site.security = ftp::Security::off;
  const std::string name = fmt::format("{}:{}", bookmark, ftp::to_text(site));
  const auto before = connections_.find(name);
  if (before != connections_.end()) {
    if (auto opened = before->second->open(); !opened) return ftp::failed(opened.error());
    return before->second.get();
  }
  auto password = password_of(site);
  if (!password) return ftp::failed(password.error());
  site.password = *password;
  if (settings_.plain)
    fmt::print(stderr, "gantry: WARNING: NO TLS to {}: everybody on the way can read the password and the files\n",
               ftp::address_of(site));
  // Kept only when it opens, so that the next try may name another password.
  auto made = std::make_unique<ftp::Connection>(site, connection_options());
  if (auto opened = made->open(); !opened) return ftp::failed(opened.error());
  return (connections_[name] = std::move(made)).get();
}

void Session::begin(const std::vector<std::string>& words) {
  settings_ = config_.settings;
  std::string name = here_.bookmark;
  for (const std::string& word : words) {
    if (ftp::is_url(word)) name.clear();
    if (const auto named = named_bookmark(config_.bookmarks, word)) {
      name = named->bookmark->name;
      break;
    }
  }
  const auto bookmark = std::ranges::find(config_.bookmarks, name, &Bookmark::name);
  if (bookmark != config_.bookmarks.end()) apply(*bookmark, settings_);
  if (options_) options_(settings_);
  for (const auto& [setting, value] : changes_) (void)assign(*setting, settings_, value);
}

Exit Session::change_bookmarks(const std::function<ftp::Outcome<void>(const std::filesystem::path&)>& change) {
  if (config_.file.empty())
    return report("bookmark", {.why = ftp::Why::local, .text = "nobody knows your home directory: set HOME"});
  if (auto done = change(config_.file); !done) return report("bookmark", done.error());
  config_.bookmarks = load_config(config_.file).bookmarks;
  return Exit::ok;
}

bool Session::names_server(const std::string& argument) const {
  return ftp::is_url(argument) || named_bookmark(config_.bookmarks, argument).has_value();
}

ftp::Outcome<Place> Session::place(const std::string& argument) {
  const auto named = named_bookmark(config_.bookmarks, argument);
  if (!named && !ftp::is_url(argument)) {
    if (here_.connection == nullptr)
      return ftp::failed(ftp::Why::usage, fmt::format("\"{}\": name a server, ftp://USER@HOST/PATH", argument));
    Place place = here_;
    place.path = resolve(here_.path, argument);
    place.directory = argument.ends_with('/');
    return place;
  }
  auto url = ftp::parse_url(named ? named->bookmark->url : argument);
  if (!url) return ftp::failed(url.error());
  Place place{.path = {}, .directory = argument.ends_with('/'), .bookmark = named ? named->bookmark->name : ""};
  auto connection = connect(url->site, place.bookmark);
  if (!connection) return ftp::failed(connection.error());
  place.connection = *connection;
  place.path = resolve((*connection)->home(), url->path);
  if (named) place.path = resolve(place.path, named->path);
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

ftp::Outcome<void> Session::go(const ftp::Site& site, const std::string& path) {
  auto connection = connect(site, "");
  if (!connection) return ftp::failed(connection.error());
  here_ = {.connection = *connection, .path = path};
  return {};
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
