// LIST, NLST, MLSD, MLST and STAT of a path. Listings are sent page by page; memory stays constant.
#include <fmt/format.h>

#include <limits>
#include <memory>

#include "base/log.hpp"
#include "proto/glob.hpp"
#include "proto/list_arguments.hpp"
#include "proto/list_format.hpp"
#include "session/commands/handlers.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"
#include "session/transfer.hpp"

namespace gantry::session::commands {
namespace {

using accounts::Permission;
using proto::reply;

/// STAT answers on the control connection, which must stay short.
constexpr std::size_t max_status_entries = 1000;
/// Pages that are read only to count what a limited listing leaves out.
constexpr unsigned max_pages_counted = 20;

/// The perm fact (RFC 3659 section 7.5.5): what the account may do with an entry where it has these permissions.
std::string permission_fact(const accounts::Account& account, accounts::Permissions permissions, vfs::Kind kind) {
  struct Letter {
    Permission needed;
    char fact;
  };
  static constexpr std::array on_files{Letter{Permission::append, 'a'}, Letter{Permission::remove, 'd'},
                                       Letter{Permission::rename, 'f'}, Letter{Permission::read, 'r'},
                                       Letter{Permission::write, 'w'}};
  static constexpr std::array on_directories{Letter{Permission::write, 'c'}, Letter{Permission::remove, 'd'},
                                             Letter{Permission::enter, 'e'}, Letter{Permission::rename, 'f'},
                                             Letter{Permission::list, 'l'},  Letter{Permission::make, 'm'},
                                             Letter{Permission::remove, 'p'}};
  const bool file = kind == vfs::Kind::file;
  auto allowed = [&](const Letter& letter) {
    // STOR onto a file that is there would destroy it.
    const bool destroys = letter.needed == Permission::remove || (file && letter.needed == Permission::write);
    return permissions.allows(letter.needed) && (account.delete_enable || !destroys);
  };
  std::string fact;
  auto add = [&](const auto& letters) {
    for (const Letter& letter : letters) {
      if (allowed(letter)) fact += letter.fact;
    }
  };
  if (kind == vfs::Kind::directory)
    add(on_directories);
  else
    add(on_files);
  return fact;
}

/// Turns entries into lines of one kind, each ended by CR LF.
class Formatter {
 public:
  enum class Style : std::uint8_t { ls, names, mlsx };
  Formatter(const Session& session, Style style) : session_(session), style_(style), now_(wall_now()) {}

  /// `in`: the directory of the entry; of the root, which has no name, the root itself.
  void append(std::string& lines, const vfs::Entry& entry, std::string_view shown_name, const vfs::Path& in) {
    if (style_ == Style::names) {
      lines += shown_name;
      lines += "\r\n";
      return;
    }
    bool directory = entry.kind == vfs::Kind::directory;
    if (style_ == Style::mlsx) learn(permissions_of(entry, in));
    proto::ListItem item{.name = shown_name,
                         .kind = directory ? proto::ListItem::Kind::directory : proto::ListItem::Kind::file,
                         .size = entry.size,
                         .mtime = entry.modified,
                         .mode = entry.mode,
                         .owner = entry.owner,
                         .group = entry.group,
                         .permissions_fact = directory ? directory_fact_ : file_fact_,
                         .unique = entry.unique};
    if (style_ == Style::ls) {
      proto::append_ls_line(lines, item, now_);
    } else {
      proto::append_mlsx_line(lines, item, session_.state.facts);
    }
  }

 private:
  [[nodiscard]] accounts::Permissions permissions_of(const vfs::Entry& entry, const vfs::Path& in) const {
    const accounts::Account& account = session_.state.account;
    if (account.directory_permissions.empty()) return account.permissions;  // a listing may be long
    return account.permissions_at(entry.name.empty() ? in.text() : in.child(entry.name).text());
  }

  /// Most neighbours have the same permissions.
  void learn(accounts::Permissions permissions) {
    if (known_ == permissions) return;
    known_ = permissions;
    file_fact_ = permission_fact(session_.state.account, permissions, vfs::Kind::file);
    directory_fact_ = permission_fact(session_.state.account, permissions, vfs::Kind::directory);
  }

  const Session& session_;
  Style style_;
  WallTime now_;
  std::optional<accounts::Permissions> known_;
  std::string file_fact_;
  std::string directory_fact_;
};

/// A directory or one file on its way into lines, filtered by a pattern and cut at server.max_list_entries.
class Lister {
 public:
  Lister(const Session& session, Formatter::Style style)
      : formatter_(session, style), most_(session.config().server.max_list_entries) {
    if (most_ == 0) most_ = std::numeric_limits<std::size_t>::max();
  }

  void filter(proto::Glob pattern, std::string shown_prefix) {
    pattern_.emplace(std::move(pattern));
    prefix_ = std::move(shown_prefix);
  }
  void hide_dot_files() { hide_dot_files_ = true; }
  void of_directory(vfs::Path path, std::unique_ptr<vfs::Listing> listing) {
    directory_ = std::move(path);
    listing_ = std::move(listing);
  }
  void of_file(vfs::Path directory, vfs::Entry entry, std::string shown_name) {
    directory_ = std::move(directory);
    single_ = std::move(entry);
    prefix_ = std::move(shown_name);
  }

  void at_most(std::size_t entries) { most_ = std::min(most_, entries); }

  /// Appends the next page; false at the end. Past the limit entries are only counted, up to some pages.
  Task<Result<bool>> step(std::string& lines) {
    if (!listing_) {
      formatter_.append(lines, single_, prefix_, directory_);
      ++shown_;
      co_return false;
    }
    auto page = co_await listing_->next();
    if (!page) co_return fail(std::move(page.error()));
    for (const vfs::Entry& entry : *page) {
      if (!wanted(entry)) continue;
      if (shown_ == most_) {
        ++left_out_;
        continue;
      }
      ++shown_;
      if (prefix_.empty()) {
        formatter_.append(lines, entry, entry.name, directory_);
      } else {
        formatter_.append(lines, entry, prefix_ + entry.name, directory_);
      }
    }
    if (page->empty()) co_return false;
    if (left_out_ == 0 || ++pages_counted_ < max_pages_counted) co_return true;
    more_than_counted_ = true;
    co_return false;
  }

  /// Sets apart a listing that was cut: "3 entries shown, 7 left out", and a line in the log. Empty when it is whole.
  [[nodiscard]] std::string cut(const Session& session) const {
    if (left_out_ == 0) return {};
    // Whether anything follows the last page that was counted is not known.
    const std::string left_out =
        more_than_counted_ ? fmt::format("more than {}", left_out_ - 1) : fmt::format("{}", left_out_);
    log::Fields fields = session.log_fields();
    fields.emplace_back("directory", directory_.text());
    fields.emplace_back("shown", shown_);
    fields.emplace_back("left_out", left_out);
    log::info("listing cut", fields);
    return fmt::format("{} entries shown, {} left out", shown_, left_out);
  }

 private:
  [[nodiscard]] bool wanted(const vfs::Entry& entry) const {
    if (!proto::listable(entry.name)) return false;
    if (pattern_ && !pattern_->matches(entry.name)) return false;
    return !(hide_dot_files_ && entry.name.starts_with('.'));
  }

  Formatter formatter_;
  vfs::Path directory_;
  std::unique_ptr<vfs::Listing> listing_;
  vfs::Entry single_;
  std::optional<proto::Glob> pattern_;
  std::string prefix_;
  bool hide_dot_files_ = false;
  std::size_t most_;
  std::size_t shown_ = 0;
  std::size_t left_out_ = 0;
  unsigned pages_counted_ = 0;
  bool more_than_counted_ = false;
};

struct Pattern {
  std::string directory;  ///< as typed, up to and with the last slash
  std::string name;
};

Pattern split_pattern(const std::string& text) {
  std::size_t slash = text.rfind('/');
  if (slash == std::string::npos) return {"", text};
  return {text.substr(0, slash + 1), text.substr(slash + 1)};
}

/// Opens what LIST or NLST asks for. A name that exists is taken literally before it is read as a pattern.
Task<Result<std::shared_ptr<Lister>>> open_lister(Session& session, proto::ListArguments arguments,
                                                  Formatter::Style style) {
  auto lister = std::make_shared<Lister>(session, style);
  if (!arguments.all && style == Formatter::Style::names) lister->hide_dot_files();
  std::string text = arguments.path.empty() ? "." : arguments.path;
  auto path = session.resolve(text);
  if (!path) co_return fail(std::move(path.error()));
  auto listing = co_await session.state.files->list(*path);
  if (listing) {
    lister->of_directory(*path, std::move(*listing));
    co_return lister;
  }
  if (listing.error().code == Errc::not_directory) {
    auto entry = co_await session.state.files->stat(*path);
    if (!entry) co_return fail(std::move(entry.error()));
    lister->of_file(path->parent(), std::move(*entry), text);
    co_return lister;
  }
  bool missing = listing.error().code == Errc::not_found || listing.error().code == Errc::bad_name;
  auto pattern = split_pattern(text);
  if (!missing || !proto::Glob::is_pattern(pattern.name)) co_return fail(std::move(listing.error()));
  auto parent = session.resolve(pattern.directory.empty() ? "." : pattern.directory);
  if (!parent) co_return fail(std::move(parent.error()));
  auto matches = co_await session.state.files->list(*parent);
  if (!matches) co_return fail(std::move(matches.error()));
  lister->filter(proto::Glob(pattern.name), pattern.directory);
  lister->of_directory(*parent, std::move(*matches));
  co_return lister;
}

Task<proto::Reply> send_lines(Session& session, std::string what, Result<std::shared_ptr<Lister>> lister) {
  if (!lister) {
    session.state.next = {};
    session.state.data.clear();
    co_return refuse(session, lister.error());
  }
  auto step = [keep = *lister](std::string& lines) { return keep->step(lines); };
  auto end = [keep = *lister, &session] {
    std::string cut = keep->cut(session);
    return cut.empty() ? cut : "Transfer complete: " + cut;
  };
  co_return co_await send_listing(session, std::move(what), std::move(step), std::move(end));
}

}  // namespace

Answer list(Session& session, std::string argument) {
  auto lister = co_await open_lister(session, proto::parse_list_arguments(argument), Formatter::Style::ls);
  co_return co_await send_lines(session, "LIST", std::move(lister));
}

Answer nlst(Session& session, std::string argument) {
  auto parsed = proto::parse_list_arguments(argument);
  auto style = parsed.long_format ? Formatter::Style::ls : Formatter::Style::names;
  auto lister = co_await open_lister(session, std::move(parsed), style);
  co_return co_await send_lines(session, "NLST", std::move(lister));
}

Answer mlsd(Session& session, std::string argument) {
  auto path = session.resolve(argument.empty() ? "." : argument);
  Result<std::shared_ptr<Lister>> lister = std::make_shared<Lister>(session, Formatter::Style::mlsx);
  if (!path) {
    lister = fail(std::move(path.error()));
  } else if (auto listing = co_await session.state.files->list(*path); listing) {
    (*lister)->of_directory(*path, std::move(*listing));
  } else if (listing.error().code == Errc::not_directory) {
    session.state.data.clear();
    co_return reply(501, "MLSD lists directories; use MLST for a file");
  } else {
    lister = fail(std::move(listing.error()));
  }
  co_return co_await send_lines(session, "MLSD", std::move(lister));
}

Answer mlst(Session& session, std::string argument) {
  auto path = session.resolve(argument.empty() ? "." : argument);
  if (!path) co_return refuse(session, path.error());
  auto entry = co_await session.state.files->stat(*path);
  if (!entry) co_return refuse(session, entry.error());
  Formatter formatter(session, Formatter::Style::mlsx);
  std::string line;
  formatter.append(line, *entry, path->text(), path->parent());
  line.resize(line.size() - 2);  // the reply ends its lines itself
  co_return proto::multiline(250, "Listing", {std::move(line)}, "End");
}

Answer stat_path(Session& session, std::string argument) {
  auto lister = co_await open_lister(session, proto::parse_list_arguments(argument), Formatter::Style::ls);
  if (!lister) co_return refuse(session, lister.error());
  (*lister)->at_most(max_status_entries);
  std::string text;
  bool more = true;
  while (more) {
    auto next = co_await (*lister)->step(text);
    if (!next) co_return refuse(session, next.error());
    more = *next;
  }
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find("\r\n", at);
    lines.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  std::string cut = (*lister)->cut(session);
  if (!cut.empty()) cut = "; " + cut;
  co_return proto::multiline(213, "Status:", std::move(lines), "End" + cut);
}

}  // namespace gantry::session::commands
