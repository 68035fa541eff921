#include "client/completion.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "client/options.hpp"

namespace gantry::client {
namespace {

using terminal::Candidate;
using terminal::Completion;

constexpr Seconds listing_age(10);

/// A whole word: a blank ends it when it is the only one.
void add_word(Completion& found, const std::string& word, std::string_view begun) {
  if (word.starts_with(begun)) found.candidates.push_back({.text = word, .shown = word, .after = " "});
}

void add_option_names(Completion& found, const Verb& verb, std::string_view begun) {
  CLI::App app;
  Settings settings;
  [[maybe_unused]] const Action action = verb.define(app);
  add_options(app, settings, verb.moves);
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) add_word(found, "--" + name, begun);
}

/// As the server that a first argument names, "NAME:"; behind it, the name alone.
void add_bookmarks(Completion& found, const Config& config, const Typing& typing) {
  const bool server = typing.words.size() == 1;
  for (const Bookmark& bookmark : config.bookmarks)
    if (bookmark.name.starts_with(typing.begun))
      found.candidates.push_back({.text = as_word(bookmark.name + (server ? ":" : ""), typing.quote),
                                  .shown = bookmark.name,
                                  .after = server ? "" : " "});
}

/// What the argument that is being typed may be.
Completes kind_of(const Verb& verb, const Typing& typing) {
  if (verb.completes != Completes::local_then_remote) return verb.completes;
  const auto arguments = std::ranges::count_if(typing.words.begin() + 1, typing.words.end(),
                                               [](const std::string& word) { return !word.starts_with('-'); });
  return arguments == 0 ? Completes::local : Completes::remote;
}

}  // namespace

std::vector<std::string> Completer::commands() const {
  std::vector<std::string> names(own_.begin(), own_.end());
  for (const Verb& verb : verbs()) {
    if (verb.where == Where::one_shot_only) continue;
    names.emplace_back(verb.name);
    names.insert(names.end(), verb.aliases.begin(), verb.aliases.end());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<Completer::Name> Completer::remote(const std::string& directory) {
  const auto now = std::chrono::steady_clock::now();
  auto& listing = listings_[directory];
  if (now - listing.at < listing_age) return listing.names;
  listing.names.clear();
  auto entries = session_.here().connection->list(directory);
  if (!entries) return {};
  for (const auto& entry : *entries)
    listing.names.push_back({.name = entry.name, .directory = entry.kind == ftp::Kind::directory});
  listing.at = now;
  return listing.names;
}

void Completer::add_names(Completion& found, const Typing& typing, Completes what) {
  const std::size_t slash = typing.begun.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : typing.begun.substr(0, slash + 1);
  const std::string begun = typing.begun.substr(directory.size());
  std::vector<Name> names;
  if (what == Completes::local) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory.empty() ? "." : directory, error), end; !error && at != end;
         at.increment(error)) {
      std::error_code ignored;
      names.push_back({.name = at->path().filename().string(), .directory = at->is_directory(ignored)});
    }
  } else if (session_.here().connection != nullptr) {
    names = remote(resolve(session_.here().path, directory));
  }
  std::ranges::sort(names, {}, &Name::name);
  for (const Name& name : names) {
    const bool hidden = name.name.starts_with('.') && !begun.starts_with('.');
    if (hidden || !name.name.starts_with(begun)) continue;
    if (what == Completes::remote_directories && !name.directory) continue;
    // A name with a dash in front would be an option.
    const std::string path = (directory.empty() && name.name.starts_with('-') ? "./" : directory) + name.name;
    const std::string end = typing.quote == 0 ? " " : std::string(1, typing.quote) + " ";
    found.candidates.push_back({.text = as_word(path + (name.directory ? "/" : ""), typing.quote),
                                .shown = name.name + (name.directory ? "/" : ""),
                                .after = name.directory ? "" : end});
  }
}

Completion Completer::complete(std::string_view line) {
  const Typing typing = read_typing(line);
  Completion found{.from = typing.from, .candidates = {}};
  if (typing.words.empty()) {
    for (const std::string& name : commands()) add_word(found, name, typing.begun);
    return found;
  }
  const std::string& command = typing.words.front();
  if (command == "help") {
    for (const std::string& name : commands()) add_word(found, name, typing.begun);
    return found;
  }
  const Verb* verb = find_verb(command);
  if (verb == nullptr) return found;
  if (typing.begun.starts_with('-'))
    add_option_names(found, *verb, typing.begun);
  else if (verb->completes == Completes::bookmarks)
    add_bookmarks(found, session_.config(), typing);
  else if (verb->completes != Completes::nothing)
    add_names(found, typing, kind_of(*verb, typing));
  return found;
}

}  // namespace gantry::client
