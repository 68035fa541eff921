// One line from a person: editing, history, completion; libedit inside. Must not know: what lines mean.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace gantry::terminal {

struct Candidate {
  std::string text;     ///< what may stand in the line, quoted as it must be there
  std::string shown{};  ///< in the list of several
  std::string after{};  ///< follows when it is the only one: a blank, a closing quote
};

struct Completion {
  std::size_t from = 0;  ///< byte of the line where the candidates begin
  std::vector<Candidate> candidates;
};

/// What may stand where the line ends. May take long; `stop` ends it.
using Complete = std::function<Completion(std::string_view line)>;

struct LineEditorOptions {
  std::filesystem::path history;  ///< empty: forgotten at the end
  Complete complete;
  std::function<void()> idle;  ///< called about every `idle_every` while nobody types
  Milliseconds idle_every = Seconds(30);
};

enum class Typed : std::uint8_t { line, interrupted, end };

class LineEditor {
 public:
  /// For the terminal at standard input and output. `stop` is what Ctrl-C sets.
  LineEditor(LineEditorOptions options, const std::atomic<bool>& stop);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// `prompt` may have colours. Typed::interrupted when `stop` was set meanwhile, and `line` is empty.
  Typed read(const std::string& prompt, std::string& line);
  /// For the arrow keys, and for the next run.
  void remember(const std::string& line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The part that all candidates begin with; no character of UTF-8 is split, and no backslash is parted from what it
/// quotes. Empty without candidates.
[[nodiscard]] std::string common_beginning(const std::vector<Candidate>& candidates);

}  // namespace gantry::terminal
