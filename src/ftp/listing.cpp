#include "ftp/listing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::ftp {

Outcome<void> ListingReader::take(ByteView bytes) {
  bytes_ += bytes.size();
  if (bytes_ > limits_.bytes)
    return failed(Why::network, fmt::format("the listing is longer than {}; given up", format_bytes(limits_.bytes)));
  std::string_view text = as_text(bytes);
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    Outcome<void> taken;
    if (line_.empty()) {
      taken = take_line(text.substr(0, end));
    } else {
      line_ += text.substr(0, std::min(end, longest_listing_line));
      taken = take_line(line_);
      line_.clear();
    }
    if (!taken) return taken;
    text.remove_prefix(end + 1);
  }
  // A line too long to be an entry is not kept whole, but kept too long.
  if (line_.size() <= longest_listing_line) line_ += text.substr(0, longest_listing_line + 1);
  return {};
}

Outcome<void> ListingReader::finish() {
  const std::string line = std::move(line_);
  line_.clear();
  return take_line(line);
}

Outcome<void> ListingReader::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto entry = facts_ ? parse_facts(line) : parse_list_line(line, now_);
  if (!entry || entry->name == "." || entry->name == "..") return {};
  if (!is_safe_name(entry->name)) {
    ++unsafe_;
    return {};
  }
  if (entries_.size() == limits_.entries)
    return failed(Why::network, fmt::format("the directory has more than {} entries; given up", limits_.entries));
  entries_.push_back(std::move(*entry));
  return {};
}

}  // namespace gantry::ftp
