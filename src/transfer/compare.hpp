// What a mirror does with one name, from what both sides say of it. Pure: the whole policy stands here.
#pragma once

#include <cstdint>
#include <string_view>

#include "ftp/entry.hpp"

namespace gantry::transfer {

/// What makes two files the same.
enum class By : std::uint8_t {
  size_and_time,
  size,
  time,
  hash,  ///< equal sizes and equal content
};

struct CompareOptions {
  By by = By::size_and_time;
  bool only_newer = false;       ///< what is there is replaced by newer files only
  bool ignore_existing = false;  ///< what is there stays, whatever it is
  bool ignore_times = false;     ///< files that look the same are copied too
  bool overwrite = false;        ///< a file may take the place of a directory or link, and the other way round
  bool remove = false;           ///< what the source does not have goes
  /// The target tells the times that it was told. Otherwise its times are those of the transfer, and a file of the
  /// same size that is not older than the source is taken for the same.
  bool times_kept = true;
};

enum class Step : std::uint8_t {
  keep,            ///< nothing to do
  copy,            ///< a file
  make_directory,  ///< and look into it
  enter,           ///< a directory on both sides
  replace,         ///< remove what is there, then copy or make_directory
  remove,          ///< not in the source
  leave,           ///< not in the source, and stays
  skip,            ///< cannot or must not be done: `reason` says why
  ask_time,        ///< both times must be known to the second: ask, then decide again
  ask_content,     ///< the content decides where it can be compared; where not, By::hash fails and others copy
};

struct Decision {
  Step step = Step::keep;
  std::string_view reason{};

  bool operator==(const Decision&) const = default;
};

/// One of `from` and `to` may be null. Links among them were not followed.
[[nodiscard]] Decision decide(const ftp::Entry* from, const ftp::Entry* to, const CompareOptions& options);

/// What is there may be what an interrupted upload left: shorter, and written after the source was.
[[nodiscard]] bool may_be_beginning(const ftp::Entry& there, const ftp::Entry& from);

/// How two times relate as far as their resolution can tell: MLSD and MDTM give seconds, LIST gives minutes or days of
/// a time zone that nobody names.
enum class Times : std::uint8_t { same, older, newer, unclear, unknown };

/// `a` against `b`; unknown when one has none.
[[nodiscard]] Times relate(const ftp::Entry& a, const ftp::Entry& b);

}  // namespace gantry::transfer
