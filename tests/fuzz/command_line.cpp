// Commands, their small arguments and replies: nothing is lost in taking a line apart, nothing forges a reply line.
#include "proto/command_line.hpp"

#include <string>

#include "base/text.hpp"
#include "proto/checksum_arguments.hpp"
#include "proto/numbers.hpp"
#include "proto/reply.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace gantry::proto;

constexpr std::uint64_t largest = 9'223'372'036'854'775'807ULL;

void check_reply(std::string_view text) {
  const std::string plain = to_wire(reply(500, std::string(text)));
  CHECK(plain.starts_with("500 ") && plain.ends_with("\r\n"));
  CHECK(plain.find_first_of("\r\n") == plain.size() - 2);
  const std::string many = to_wire(multiline(211, std::string(text), {std::string(text), quote_path(text)}, "End"));
  std::size_t ends = 0;
  for (std::size_t at = many.find("\r\n"); at != std::string::npos; at = many.find("\r\n", at + 2)) {
    CHECK(!gantry::has_control(std::string_view(many).substr(at + 2, 1)));
    ++ends;
  }
  CHECK(ends == 4);
  CHECK(many.find("\r\n211") == many.size() - std::string_view("\r\n211 End\r\n").size());
}

}  // namespace

FUZZ_TARGET(command_line) {
  const CommandLine command = parse_command(input);
  CHECK(command.verb.size() <= max_verb_bytes && command.verb.find(' ') == std::string::npos);
  CHECK(command.verb == gantry::to_upper(command.verb));
  const std::size_t blank = input.find(' ');
  CHECK(command.has_argument == (blank != std::string_view::npos));
  if (command.has_argument) CHECK(command.argument == input.substr(blank + 1));
  if (looks_like_http_or_smtp(command, input)) CHECK(!input.empty());
  if (auto offset = parse_offset(input)) CHECK(*offset <= largest);
  if (auto range = parse_range(input)) CHECK(range->reset || (range->first <= range->last && range->last <= largest));
  if (auto checksum = parse_checksum_arguments(input)) {
    CHECK(!checksum->path.empty() && checksum->path.size() <= input.size());
    CHECK(!checksum->end || checksum->start);
    const auto again = parse_checksum_arguments(quote_path(checksum->path));
    CHECK(again && again->path == checksum->path && !again->start);
  }
  check_reply(input);
}
