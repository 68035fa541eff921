#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "proto/time_text.hpp"
#include "transfer/tree.hpp"

namespace gantry::transfer {
namespace {

constexpr int not_found = 550;
constexpr unsigned list_tries = 3;  // a connection may have waited long for the copies of a directory before

class RemoteTree final : public Tree {
 public:
  RemoteTree(ftp::Connection& connection, std::string top, Links links)
      : connection_(connection), top_(std::move(top)), links_(links) {}

  Outcome<Listing> list(const std::string& path) override;
  Outcome<ftp::Entry> look(const std::string& path) override { return connection_.stat(full(path)); }
  Outcome<std::string> ignore_rules(const std::string& /*path*/) override { return std::string(); }
  Outcome<void> make_directory(const std::string& path) override { return change("MKD", path, true); }
  Outcome<void> remove_file(const std::string& path) override { return change("DELE", path, false); }
  Outcome<void> remove_directory(const std::string& path) override { return change("RMD", path, false); }
  Outcome<void> set_time(const std::string& path, WallTime time) override;

 private:
  [[nodiscard]] std::string full(const std::string& path) const {
    if (path.empty()) return top_;
    return top_ == "/" ? "/" + path : top_ + "/" + path;
  }
  [[nodiscard]] Outcome<void> tell(std::string_view verb, const std::string& path);
  [[nodiscard]] Outcome<void> change(std::string_view verb, const std::string& path, bool makes);
  [[nodiscard]] ftp::Entry followed(const std::string& path, ftp::Entry entry);

  ftp::Connection& connection_;
  std::string top_;
  Links links_;
};

/// What the link leads to as far as the server follows it; the link itself when it does not.
ftp::Entry RemoteTree::followed(const std::string& path, ftp::Entry entry) {
  const std::string there = full(below(path, entry.name));
  if (const auto entered = connection_.command("CWD " + there); entered && entered->positive()) {
    entry.kind = ftp::Kind::directory;
    entry.size.reset();
    return entry;
  }
  const auto size = connection_.size(there);
  if (!size) return entry;
  entry.size = *size;
  entry.kind = ftp::Kind::file;
  // The time of the listing is the link's own.
  entry.modified.reset();
  entry.exact_time = false;
  const auto time = connection_.command("MDTM " + there);
  if (time && time->code == 213) entry.modified = proto::parse_time_val(trim(time->lines.back()));
  entry.exact_time = entry.modified.has_value();
  return entry;
}

Outcome<Listing> RemoteTree::list(const std::string& path) {
  Listing listing;
  auto entries = connection_.list(full(path), &listing.unsafe);
  for (unsigned tries = 1; !entries && entries.error().again && tries < list_tries; ++tries) {
    connection_.close();
    listing.unsafe = 0;
    entries = connection_.list(full(path), &listing.unsafe);
  }
  if (!entries) return ftp::failed(entries.error());
  listing.entries = std::move(*entries);
  std::ranges::sort(listing.entries, {}, &ftp::Entry::name);
  const auto twice = std::ranges::unique(listing.entries, {}, &ftp::Entry::name);
  listing.unsafe += twice.size();
  listing.entries.erase(twice.begin(), twice.end());
  if (links_ == Links::follow)
    for (ftp::Entry& entry : listing.entries)
      if (entry.kind == ftp::Kind::link) entry = followed(path, std::move(entry));
  return listing;
}

Outcome<void> RemoteTree::tell(std::string_view verb, const std::string& path) {
  if (auto done = connection_.demand(fmt::format("{} {}", verb, full(path))); !done) return ftp::failed(done.error());
  return {};
}

/// Once more when the connection was lost, and then the first try may have done it before its answer got lost.
Outcome<void> RemoteTree::change(std::string_view verb, const std::string& path, bool makes) {
  auto done = tell(verb, path);
  if (done || !done.error().again) return done;
  connection_.close();
  done = tell(verb, path);
  if (done) return done;
  const auto now = connection_.stat(full(path));
  const bool as_wished = makes ? now && now->kind == ftp::Kind::directory : !now && now.error().reply == not_found;
  return as_wished ? Outcome<void>() : done;
}

Outcome<void> RemoteTree::set_time(const std::string& path, WallTime time) {
  if (!connection_.features().has("MFMT")) return {};
  return connection_.set_modified(full(path), time);
}

}  // namespace

std::unique_ptr<Tree> remote_tree(ftp::Connection& connection, std::string top, Links links) {
  return std::make_unique<RemoteTree>(connection, std::move(top), links);
}

}  // namespace gantry::transfer
