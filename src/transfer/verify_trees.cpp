#include "transfer/verify_trees.hpp"

#include <fmt/format.h>

#include <utility>

#include "transfer/pairs.hpp"

namespace gantry::transfer {
namespace {

using Is = VerifiedFile::Verdict;

class Verification {
 public:
  Verification(Tree& here, Tree& there, VerifyOptions options, const CompareContent& compare, const TellVerdict& tell,
               const std::atomic<bool>& stop)
      : here_(here), there_(there), options_(std::move(options)), compare_(compare), tell_(tell), stop_(stop) {}

  Outcome<void> run();

 private:
  void pair(const std::string& path, const ftp::Entry* here, const ftp::Entry* there, std::size_t depth);
  void file(const std::string& path, const ftp::Entry& here, const ftp::Entry& there);
  void directory(const std::string& path, std::size_t depth);
  bool enter_rules(const std::string& path, const Listing& here);
  void walk(const std::string& path, const Listing& here, const Listing& there, std::size_t depth);

  Tree& here_;
  Tree& there_;
  VerifyOptions options_;
  const CompareContent& compare_;
  const TellVerdict& tell_;
  const std::atomic<bool>& stop_;
};

Outcome<void> Verification::run() {
  auto here = here_.look("");
  if (!here) return ftp::failed(here.error());
  auto there = there_.look("");
  if (!there) return ftp::failed(there.error());
  pair("", &*here, &*there, 0);
  if (stop_) return ftp::failed(Why::cancelled, "stopped; what was not compared is not known");
  return {};
}

void Verification::pair(const std::string& path, const ftp::Entry* here, const ftp::Entry* there, std::size_t depth) {
  using ftp::Kind;
  if (stop_) return;
  const bool is_directory = (here != nullptr ? here : there)->kind == Kind::directory;
  if (!path.empty() && !options_.filter.takes(path, is_directory)) return;
  if (here == nullptr) return tell_({path, is_directory, Is::missing_here});
  if (there == nullptr) return tell_({path, is_directory, Is::missing_there});
  if (here->kind != there->kind) return tell_({path, is_directory, Is::kind, "of another kind there"});
  if (is_directory) return directory(path, depth);
  if (here->kind == Kind::file) return file(path, *here, *there);
  tell_({path, false, Is::unreadable, "a link or device: not compared"});
}

void Verification::file(const std::string& path, const ftp::Entry& here, const ftp::Entry& there) {
  if (here.size && there.size && *here.size != *there.size)
    return tell_({path, false, Is::size, fmt::format("{} bytes here, {} there", *here.size, *there.size)});
  auto compared = compare_(path);
  if (!compared) return tell_({path, false, Is::unreadable, compared.error().text});
  if (compared->verdict == Verdict::equal) return tell_({path, false, Is::same, compared->text});
  if (compared->verdict == Verdict::different) return tell_({path, false, Is::content, compared->text});
  if (!there.size) return tell_({path, false, Is::unreadable, "the server tells neither size nor checksum"});
  tell_({path, false, Is::same_size, compared->text});
}

void Verification::directory(const std::string& path, std::size_t depth) {
  if (depth > options_.max_depth)
    return tell_({path, true, Is::unreadable, fmt::format("deeper than {} directories", options_.max_depth)});
  auto here = here_.list(path);
  if (!here) return tell_({path, true, Is::unreadable, here.error().text});
  auto there = there_.list(path);
  if (!there) return tell_({path, true, Is::unreadable, there.error().text});
  if (here->unsafe + there->unsafe > 0)
    tell_({path, true, Is::unreadable,
           fmt::format("{} names left out: control characters, slashes, or told twice", here->unsafe + there->unsafe)});
  walk(path, *here, *there, depth);
}

bool Verification::enter_rules(const std::string& path, const Listing& here) {
  if (find_entry(here, ignore_file) == nullptr) return false;
  auto text = here_.ignore_rules(path);
  if (!text) tell_({path, true, Is::unreadable, text.error().text});
  options_.filter.enter(path, IgnoreRules(text ? *text : std::string()));
  return true;
}

void Verification::walk(const std::string& path, const Listing& here, const Listing& there, std::size_t depth) {
  const bool entered = enter_rules(path, here);
  for_each_pair(here, there, [&](const ftp::Entry* a, const ftp::Entry* b) {
    pair(below(path, a != nullptr ? a->name : b->name), a, b, depth + 1);
  });
  if (entered) options_.filter.leave();
}

}  // namespace

std::string_view display_name(VerifiedFile::Verdict verdict) {
  switch (verdict) {
    case Is::same:
      return "same";
    case Is::same_size:
      return "same size";
    case Is::missing_here:
      return "missing here";
    case Is::missing_there:
      return "missing there";
    case Is::kind:
      return "kind";
    case Is::size:
      return "size";
    case Is::content:
      return "content";
    case Is::unreadable:
      return "unreadable";
  }
  return "";
}

bool is_good(VerifiedFile::Verdict verdict) { return verdict == Is::same || verdict == Is::same_size; }

Outcome<void> verify_trees(Tree& here, Tree& there, VerifyOptions options, const CompareContent& compare,
                           const TellVerdict& tell, const std::atomic<bool>& stop) {
  return Verification(here, there, std::move(options), compare, tell, stop).run();
}

}  // namespace gantry::transfer
