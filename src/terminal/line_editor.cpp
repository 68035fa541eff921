#include "terminal/line_editor.hpp"

#include <histedit.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <regex>

#include "terminal/history.hpp"
#include "terminal/input.hpp"
#include "terminal/screen.hpp"
#include "terminal/table.hpp"

namespace gantry::terminal {
namespace {

constexpr int look_around_ms = 200;
constexpr char invisible = '\1';  // around what takes no columns in a prompt
constexpr std::size_t most_shown = 500;

std::atomic<bool> resized = false;
std::atomic<bool> suspended = false;

void note_signal(int signal) { (signal == SIGWINCH ? resized : suspended) = true; }

/// While a line is read: a new size is noted, and Ctrl-Z waits until the terminal is as others expect it.
class WatchSignals {
 public:
  WatchSignals() {
    struct sigaction ours{};
    ours.sa_handler = note_signal;
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &ours, &before_[i]);
  }
  ~WatchSignals() {
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
  }
  WatchSignals(const WatchSignals&) = delete;
  WatchSignals& operator=(const WatchSignals&) = delete;

 private:
  static constexpr std::array signals = {SIGWINCH, SIGTSTP};
  std::array<struct sigaction, signals.size()> before_{};
};

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string with_marks(const std::string& prompt) {
  static const std::regex colour("\x1b\\[[0-9;]*m");
  return std::regex_replace(prompt, colour, std::string(1, invisible) + "$&" + invisible);
}

}  // namespace

std::string common_beginning(const std::vector<Candidate>& candidates) {
  if (candidates.empty()) return {};
  std::string_view common = candidates.front().text;
  for (const Candidate& candidate : candidates) {
    const auto [end, ignored] = std::ranges::mismatch(common, candidate.text);
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  const std::string_view whole = candidates.front().text;
  while (!common.empty() && common.size() < whole.size() && (whole[common.size()] & 0xC0) == 0x80)
    common.remove_suffix(1);
  const std::size_t last = common.find_last_not_of('\\');
  const std::size_t backslashes = common.size() - (last == std::string_view::npos ? 0 : last + 1);
  if (common.size() < whole.size() && backslashes % 2 == 1) common.remove_suffix(1);
  return std::string(common);
}

struct LineEditor::Impl {
  Impl(LineEditorOptions wishes, const std::atomic<bool>& stopping)
      : options(std::move(wishes)), stop(stopping), kept(options.history) {}

  static int read_character(EditLine* editor, wchar_t* character);
  static unsigned char on_tab(EditLine* editor, int key);
  static char* prompt_of(EditLine* editor);
  static Impl& of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<Impl*>(self);
  }

  void set_up();
  void suspend();
  bool wait_for_input();
  unsigned char replace(const LineInfo& line, const Completion& found);
  void list(const Completion& found) const;

  LineEditorOptions options;
  const std::atomic<bool>& stop;
  terminal::History kept;
  EditLine* editor = nullptr;
  ::History* history = nullptr;
  std::string prompt;
};

/// Back to the terminal's usual modes, asleep, and on again where we were.
void LineEditor::Impl::suspend() {
  el_set(editor, EL_PREP_TERM, 0);
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  struct sigaction ours{};
  ::sigaction(SIGTSTP, &standard, &ours);
  ::raise(SIGTSTP);
  ::sigaction(SIGTSTP, &ours, nullptr);
  el_set(editor, EL_PREP_TERM, 1);
  el_set(editor, EL_REFRESH);
}

/// False when `stop` was set.
bool LineEditor::Impl::wait_for_input() {
  Milliseconds idle(0);
  for (;;) {
    if (stop) return false;
    if (resized.exchange(false)) el_resize(editor);
    if (suspended.exchange(false)) suspend();
    // What was typed behind Ctrl-C is for the next line.
    if (readable(STDIN_FILENO, look_around_ms)) return !stop;
    idle += Milliseconds(look_around_ms);
    if (idle < options.idle_every || !options.idle) continue;
    options.idle();
    idle = {};
  }
}

/// 1, or 0 at the end of the input, or -1 when `stop` was set.
int LineEditor::Impl::read_character(EditLine* editor, wchar_t* character) {
  Impl& self = of(editor);
  std::mbstate_t state{};
  for (;;) {
    if (!self.wait_for_input()) return -1;
    char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    const std::size_t used = std::mbrtowc(character, &byte, 1, &state);
    if (used <= 1) return 1;
    if (used == static_cast<std::size_t>(-1)) state = {};  // no UTF-8: dropped, as libedit does
  }
}

char* LineEditor::Impl::prompt_of(EditLine* editor) { return of(editor).prompt.data(); }

void LineEditor::Impl::list(const Completion& found) const {
  std::vector<Cell> names;
  for (const Candidate& candidate : found.candidates) {
    if (names.size() == most_shown) break;
    names.push_back({.text = candidate.shown.empty() ? candidate.text : candidate.shown});
  }
  std::string text = "\n" + in_columns(names, size_of(STDOUT_FILENO).columns, false);
  if (found.candidates.size() > names.size())
    text += "and " + std::to_string(found.candidates.size() - names.size()) + " more\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

unsigned char LineEditor::Impl::replace(const LineInfo& line, const Completion& found) {
  const std::string_view before(line.buffer, static_cast<std::size_t>(line.cursor - line.buffer));
  const std::string_view typed = before.substr(std::min(found.from, before.size()));
  std::string text = common_beginning(found.candidates);
  const bool only = found.candidates.size() == 1;
  if (only) text += found.candidates.front().after;
  if (text.empty() || text == typed || text.size() < typed.size()) {
    if (only) return CC_NORM;
    list(found);
    return CC_REDISPLAY;
  }
  const auto characters = static_cast<int>(characters_in(typed));
  if (characters > 0) el_deletestr(editor, characters);
  return el_insertstr(editor, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

unsigned char LineEditor::Impl::on_tab(EditLine* editor, int /*key*/) {
  Impl& self = of(editor);
  if (!self.options.complete) return CC_ERROR;
  const LineInfo* line = el_line(editor);
  const std::string before(line->buffer, line->cursor);
  const Completion found = self.options.complete(before);
  if (found.candidates.empty()) return CC_REFRESH_BEEP;
  return self.replace(*el_line(editor), found);
}

void LineEditor::Impl::set_up() {
  editor = el_init("gantry", stdin, stdout, stderr);
  history = history_init();
  HistEvent event{};
  ::history(history, &event, H_SETSIZE, static_cast<int>(terminal::History::most_lines));
  ::history(history, &event, H_SETUNIQUE, 1);
  for (const std::string& line : kept.lines()) ::history(history, &event, H_ENTER, line.c_str());
  el_set(editor, EL_CLIENTDATA, this);
  el_set(editor, EL_HIST, ::history, history);
  el_set(editor, EL_PROMPT_ESC, &Impl::prompt_of, invisible);
  el_set(editor, EL_GETCFN, &Impl::read_character);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_ADDFN, "gantry-complete", "Complete what stands before the cursor", &Impl::on_tab);
  static constexpr std::array<std::pair<const char*, const char*>, 9> keys = {{{"^I", "gantry-complete"},
                                                                               {"^R", "em-inc-search-prev"},
                                                                               {"^W", "ed-delete-prev-word"},
                                                                               {"\\e[3~", "ed-delete-next-char"},
                                                                               {"\\e[H", "ed-move-to-beg"},
                                                                               {"\\e[F", "ed-move-to-end"},
                                                                               {"\\e[1;5C", "em-next-word"},
                                                                               {"\\e[1;5D", "ed-prev-word"},
                                                                               {"\\e[Z", "ed-unassigned"}}};
  for (const auto& [key, command] : keys) el_set(editor, EL_BIND, key, command, nullptr);
  el_source(editor, nullptr);
}

LineEditor::LineEditor(LineEditorOptions options, const std::atomic<bool>& stop)
    : impl_(std::make_unique<Impl>(std::move(options), stop)) {
  impl_->set_up();
}

LineEditor::~LineEditor() {
  el_end(impl_->editor);
  history_end(impl_->history);
}

Typed LineEditor::read(const std::string& prompt, std::string& line) {
  line.clear();
  impl_->prompt = with_marks(prompt);
  resized = true;  // it may have become another one while nobody looked
  const WatchSignals watching;
  el_set(impl_->editor, EL_PREP_TERM, 1);  // before the prompt: what is typed at once must not be echoed as well
  int count = 0;
  const char* text = el_gets(impl_->editor, &count);
  const bool interrupted = impl_->stop;
  if (text == nullptr || count <= 0 || interrupted) {
    std::fputs(interrupted ? "^C\n" : "\n", stdout);
    std::fflush(stdout);
    el_reset(impl_->editor);
    return interrupted ? Typed::interrupted : Typed::end;
  }
  line = text;
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  return Typed::line;
}

void LineEditor::remember(const std::string& line) {
  if (line.empty()) return;
  HistEvent event{};
  ::history(impl_->history, &event, H_ENTER, line.c_str());
  impl_->kept.add(line);
}

}  // namespace gantry::terminal
