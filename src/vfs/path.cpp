#include "vfs/path.hpp"

#include "base/text.hpp"

namespace gantry::vfs {

namespace {

constexpr std::size_t max_name_bytes = 255;   // NAME_MAX of every Linux file system
constexpr std::size_t max_path_bytes = 4096;  // PATH_MAX; object keys are shorter and checked by their store

void drop_last_segment(std::string& text) { text.resize(text.rfind('/')); }

}  // namespace

bool valid_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= max_name_bytes &&
         name.find('/') == std::string_view::npos && !has_control(name);
}

Result<Path> Path::resolve(const Path& cwd, std::string_view text) {
  if (has_control(text)) return fail(Errc::bad_name, "path", "control character");
  // While folding, the root is the empty text, so that every segment is "/name".
  std::string folded;
  if (!text.starts_with('/') && !cwd.is_root()) folded = cwd.text();
  for (std::string_view segment : split(text, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!folded.empty()) drop_last_segment(folded);
      continue;
    }
    if (segment.size() > max_name_bytes) return fail(Errc::bad_name, "path", "a name is longer than 255 bytes");
    folded += '/';
    folded += segment;
  }
  if (folded.size() > max_path_bytes) return fail(Errc::bad_name, "path", "longer than 4096 bytes");
  if (folded.empty()) return Path{};
  return Path(std::move(folded));
}

std::string_view Path::name() const { return std::string_view(text_).substr(text_.rfind('/') + 1); }

Path Path::parent() const {
  const std::size_t slash = text_.rfind('/');
  return slash == 0 ? Path{} : Path(text_.substr(0, slash));
}

Path Path::child(std::string_view name) const {
  std::string text = is_root() ? std::string{} : text_;
  text += '/';
  text += name;
  return Path(std::move(text));
}

bool Path::within(const Path& ancestor) const {
  if (ancestor.is_root()) return true;
  return text_.starts_with(ancestor.text_) &&
         (text_.size() == ancestor.text_.size() || text_[ancestor.text_.size()] == '/');
}

Path Path::relative_to(const Path& ancestor) const {
  if (ancestor.is_root()) return *this;
  if (text_.size() == ancestor.text_.size()) return Path{};
  return Path(text_.substr(ancestor.text_.size()));
}

Path Path::join(const Path& below) const {
  if (below.is_root()) return *this;
  if (is_root()) return below;
  return Path(text_ + below.text_);
}

std::vector<std::string_view> Path::segments() const {
  if (is_root()) return {};
  return split(std::string_view(text_).substr(1), '/');
}

}  // namespace gantry::vfs
