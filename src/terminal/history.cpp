#include "terminal/history.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

namespace gantry::terminal {
namespace {

constexpr mode_t owner_only = 0600;

void append(const std::filesystem::path& file, const std::string& text, int flags) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, owner_only);
  if (descriptor < 0) return;
  ::fchmod(descriptor, owner_only);
  [[maybe_unused]] const ssize_t put = ::write(descriptor, text.data(), text.size());
  ::close(descriptor);
}

}  // namespace

History::History(std::filesystem::path file) : file_(std::move(file)) {
  std::ifstream in(file_);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines_.push_back(std::move(line));
  if (lines_.size() <= 2 * most_lines) return;
  lines_.erase(lines_.begin(), lines_.end() - most_lines);
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  // Beside it and renamed: another program reads either all of the old lines or all of the new ones.
  auto fresh = file_;
  fresh += "." + std::to_string(::getpid());
  append(fresh, text, O_TRUNC);
  std::error_code ignored;
  std::filesystem::rename(fresh, file_, ignored);
}

void History::add(const std::string& line) {
  if (line.empty() || line.find('\n') != std::string::npos || (!lines_.empty() && lines_.back() == line)) return;
  lines_.push_back(line);
  if (file_.empty()) return;
  std::error_code ignored;
  if (std::filesystem::create_directories(file_.parent_path(), ignored))
    std::filesystem::permissions(file_.parent_path(), std::filesystem::perms::owner_all, ignored);
  append(file_, line + "\n", 0);
}

}  // namespace gantry::terminal
