// TYPE A: chunks do not matter, counts are true, nothing but line ends changes, and sizes stay within their bounds.
#include "proto/ascii.hpp"

#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.hpp"

namespace {

using gantry::as_byte_view;

template <class Converter>
std::string convert(std::string_view in, std::size_t step) {
  Converter converter;
  std::vector<std::byte> out;
  std::size_t count = 0;
  for (std::size_t at = 0; at < in.size(); at += step)
    count += converter.convert(as_byte_view(in.substr(at, step)), out);
  count += converter.finish(out);
  CHECK(count == out.size());
  return std::string(gantry::as_text(out));
}

std::string without_cr(std::string text) {
  std::erase(text, '\r');
  return text;
}

}  // namespace

FUZZ_TARGET(ascii) {
  gantry::fuzz::Choices choices(input);
  const std::size_t step = 1 + choices.below(32);
  const std::string in(choices.rest());
  const std::size_t whole = in.size() + 1;

  const std::string sent = convert<gantry::proto::ToNetwork>(in, whole);
  CHECK(sent == convert<gantry::proto::ToNetwork>(in, step));
  CHECK(sent.size() >= in.size() && sent.size() <= 2 * in.size());
  for (std::size_t at = sent.find('\n'); at != std::string::npos; at = sent.find('\n', at + 1))
    CHECK(at > 0 && sent[at - 1] == '\r');

  const std::string received = convert<gantry::proto::FromNetwork>(in, whole);
  CHECK(received == convert<gantry::proto::FromNetwork>(in, step));
  CHECK(received.size() <= in.size());

  CHECK(without_cr(sent) == without_cr(in) && without_cr(received) == without_cr(in));
  // Text with Unix line ends survives the round trip.
  const std::string text = without_cr(in);
  CHECK(convert<gantry::proto::FromNetwork>(convert<gantry::proto::ToNetwork>(text, step), step) == text);
}
