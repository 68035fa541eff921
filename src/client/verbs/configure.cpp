// Verbs for the settings of this run and for bookmarks: set, bookmark.
#include <fmt/format.h>

#include <memory>

#include "client/credentials.hpp"
#include "client/results.hpp"
#include "client/setting_table.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

Exit wrong(Session& session, const std::string& what, std::string why) {
  return session.report(what, {.why = ftp::Why::usage, .text = std::move(why)});
}

// ---- set

struct SetOptions {
  std::string name;
  std::string value;
};

void show(Session& session, const Setting& setting) {
  fmt::print("{} = {}\n", setting.name, terminal::printable(toml_of(setting, session.settings())));
}

Exit set(Session& session, const SetOptions& options, bool has_value) {
  if (options.name.empty()) {
    for (const Setting& setting : setting_table()) show(session, setting);
    return Exit::ok;
  }
  const Setting* setting = find_setting(options.name);
  if (setting == nullptr) return wrong(session, options.name, "there is no such setting; set alone lists them");
  if (!has_value) {
    show(session, *setting);
    return Exit::ok;
  }
  if (auto done = assign(*setting, session.settings(), options.value); !done)
    return wrong(session, options.name, done.error());
  session.set(*setting, options.value);
  return Exit::ok;
}

Action define_set(CLI::App& app) {
  auto options = std::make_shared<SetOptions>();
  app.add_option("name", options->name, "The setting; default: all of them");
  const CLI::Option* value = app.add_option("value", options->value, "Its new value, until the shell ends");
  return [options, value](Session& session) { return set(session, *options, value->count() > 0); };
}

// ---- bookmark

struct BookmarkOptions {
  std::string what = "list";
  std::string name;
  std::string url;
  bool save_password = false;
};

Exit list(Session& session) {
  for (const Bookmark& bookmark : session.config().bookmarks) {
    if (session.settings().json) {
      boost::json::object object;
      object["name"] = bookmark.name;
      put_name(object, "url", bookmark.url);
      print_json(object);
    } else {
      fmt::print("{}\t{}\n", bookmark.name, terminal::printable(bookmark.url));
    }
  }
  return Exit::ok;
}

/// Where we are, as a URL that leads there again.
ftp::Outcome<std::string> url_of_here(Place here) {
  if (here.connection == nullptr)
    return ftp::failed(ftp::Why::usage, "not connected: name the URL that the bookmark stands for");
  here.bookmark.clear();
  const std::string url = url_of(here);
  const auto again = ftp::parse_url(url);
  if (!again || again->path != here.path || again->site.user != here.connection->site().user)
    return ftp::failed(ftp::Why::usage, "what we are connected to cannot be written as a URL; name one");
  return url;
}

Exit add(Session& session, const BookmarkOptions& options) {
  if (!is_bookmark_name(options.name))
    return wrong(session, options.name, "is no name: letters, digits, \"-\", \"_\" and \".\", at most 64");
  std::string url = options.url;
  if (url.empty()) {
    auto here = url_of_here(session.here());
    if (!here) return session.report(options.name, here.error());
    url = *here;
  }
  const auto right = ftp::parse_url(url);
  if (!right) return session.report(options.name, right.error());
  if (options.save_password) {
    const auto password = session.password_of(right->site);
    if (!password) return session.report(options.name, password.error());
    if (auto kept = keep_in_keyring(right->site, *password); !kept) return session.report(options.name, kept.error());
  }
  return session.change_bookmarks(
      [&](const std::filesystem::path& file) { return add_bookmark(file, {.name = options.name, .url = url}); });
}

Exit run_bookmark(Session& session, const BookmarkOptions& options) {
  if (options.what == "list") return list(session);
  if (options.name.empty()) return wrong(session, "bookmark " + options.what, "name the bookmark");
  if (options.what == "add") return add(session, options);
  return session.change_bookmarks(
      [&](const std::filesystem::path& file) { return remove_bookmark(file, options.name); });
}

Action define_bookmark(CLI::App& app) {
  auto options = std::make_shared<BookmarkOptions>();
  app.add_option("what", options->what, "list (the default), add or remove")
      ->check(CLI::IsMember({"list", "add", "remove"}));
  app.add_option("name", options->name, "Of the bookmark; NAME:PATH then stands for its URL");
  app.add_option("url", options->url, "What it stands for; default: where we are");
  app.add_flag("--save-password", options->save_password, "With add: give its password to the system's keyring");
  return [options](Session& session) { return run_bookmark(session, *options); };
}

}  // namespace

std::vector<Verb> configure_verbs() {
  return {
      {.name = "set",
       .aliases = {},
       .group = "settings",
       .summary = "Show and change the settings",
       .where = Where::shell_only,
       .completes = Completes::nothing,
       .define = define_set},
      {.name = "bookmark",
       .aliases = {"bookmarks"},
       .group = "settings",
       .summary = "List, add and remove bookmarks",
       .completes = Completes::bookmarks,
       .define = define_bookmark},
  };
}

}  // namespace gantry::client
