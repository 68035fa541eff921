#include "vfs/object_keys.hpp"

#include "base/text.hpp"

namespace gantry::vfs {

ObjectKeys::ObjectKeys(std::string_view prefix, std::size_t max_key) : max_key_(max_key) {
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  prefix_ = prefix;
  if (!prefix_.empty() && !prefix_.ends_with('/')) prefix_ += '/';
}

Result<std::string> ObjectKeys::directory(const Path& path) const {
  if (path.is_root()) return prefix_;
  std::string_view text = std::string_view(path.text()).substr(1);
  if (!is_utf8(text) || has_control(text)) return fail(Errc::bad_name, "key", escape_control(text));
  if (prefix_.size() + text.size() + 1 > max_key_) return fail(Errc::bad_name, "key", "too long for the store");
  return prefix_ + std::string(text) + '/';
}

Result<std::string> ObjectKeys::file(const Path& path) const {
  if (path.is_root()) return fail(Errc::is_directory, "key", "the root");
  auto key = directory(path);
  if (key) key->pop_back();
  return key;
}

bool ObjectKeys::presentable(std::string_view name) { return valid_name(name) && is_utf8(name); }

}  // namespace gantry::vfs
