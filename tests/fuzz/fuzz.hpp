// What a fuzz target is made of. A target is one file with one FUZZ_TARGET(name) and a corpus in corpus/<name>/; it is
// built as a libFuzzer program (GANTRY_FUZZ) or into fuzz_corpus, which replays and mutates the corpus as a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/bytes.hpp"

/// An invariant of a target. Aborting is what both ways of running understand.
#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

namespace gantry::fuzz {

using Target = void (*)(std::string_view input);

#ifdef GANTRY_FUZZ_CORPUS

/// Makes a target known to fuzz_corpus; true, so that it can initialise a variable.
bool enlist(std::string_view name, Target target);

#define FUZZ_TARGET(name)                                                          \
  static void fuzz_##name(std::string_view input);                                 \
  static const bool enlisted_##name = ::gantry::fuzz::enlist(#name, &fuzz_##name); \
  static void fuzz_##name(std::string_view input)

#else

#define FUZZ_TARGET(name)                                                             \
  static void fuzz_##name(std::string_view input);                                    \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz_##name(::gantry::as_text(std::as_bytes(std::span(data, size))));             \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_##name(std::string_view input)

#endif

/// Takes small decisions off the front of an input; zeros once it is used up.
class Choices {
 public:
  explicit Choices(std::string_view input) : rest_(input) {}

  std::size_t below(std::size_t bound) {
    if (rest_.empty() || bound == 0) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % bound;
  }
  /// Up to the next newline, which is dropped.
  std::string_view line() {
    const std::size_t end = rest_.find('\n');
    std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace gantry::fuzz
