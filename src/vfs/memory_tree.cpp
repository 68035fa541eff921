#include "vfs/memory_tree.hpp"

#include <algorithm>
#include <cstring>

namespace gantry::vfs {

namespace {

constexpr unsigned file_mode = 0644;
constexpr unsigned directory_mode = 0755;

}  // namespace

void MemoryContent::append(std::vector<std::byte> bytes) {
  if (bytes.empty()) return;
  ends_.push_back(size() + bytes.size());
  pieces_.push_back(std::make_shared<const std::vector<std::byte>>(std::move(bytes)));
}

void MemoryContent::append_all(const MemoryContent& other) {
  const std::uint64_t before = size();
  for (std::size_t i = 0; i < other.pieces_.size(); ++i) {
    pieces_.push_back(other.pieces_[i]);
    ends_.push_back(before + other.ends_[i]);
  }
}

void MemoryContent::truncate(std::uint64_t size) {
  while (!ends_.empty() && (ends_.size() == 1 ? 0 : ends_[ends_.size() - 2]) >= size) {
    ends_.pop_back();
    pieces_.pop_back();
  }
  if (!ends_.empty()) ends_.back() = std::min(ends_.back(), size);
}

std::size_t MemoryContent::read(std::uint64_t offset, MutableBytes buffer) const {
  std::size_t copied = 0;
  auto piece = static_cast<std::size_t>(std::ranges::upper_bound(ends_, offset) - ends_.begin());
  for (; piece < ends_.size() && copied < buffer.size(); ++piece) {
    const std::uint64_t begin = piece == 0 ? 0 : ends_[piece - 1];
    const std::uint64_t skip = offset + copied - begin;
    const std::size_t count = std::min(static_cast<std::size_t>(ends_[piece] - begin - skip), buffer.size() - copied);
    std::memcpy(buffer.data() + copied, pieces_[piece]->data() + skip, count);
    copied += count;
  }
  return copied;
}

MemoryTree::MemoryTree(std::uint64_t capacity) : capacity_(capacity), root_(make_node(Kind::directory)) {}

std::unique_ptr<MemoryTree::Node> MemoryTree::make_node(Kind kind) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->version = ++last_version_;
  node->modified = wall_now();
  node->mode = kind == Kind::file ? file_mode : directory_mode;
  return node;
}

MemoryTree::Node* MemoryTree::find(const Path& path) const {
  Node* node = root_.get();
  for (std::string_view segment : path.segments()) {
    auto child = node->children.find(segment);
    if (child == node->children.end()) return nullptr;
    node = child->second.get();
  }
  return node;
}

MemoryTree::Node* MemoryTree::parent_of(const Path& path) const {
  Node* parent = find(path.parent());
  return parent != nullptr && parent->kind == Kind::directory ? parent : nullptr;
}

Entry MemoryTree::describe(const Node& node, std::string_view name) {
  Entry entry;
  entry.name = std::string(name);
  entry.kind = node.kind;
  entry.size = node.content.size();
  entry.modified = node.modified;
  entry.unique = std::to_string(node.version);
  entry.mode = node.mode;
  return entry;
}

Result<Entry> MemoryTree::stat(const Path& path) const {
  std::lock_guard lock(mutex_);
  const Node* node = find(path);
  if (node == nullptr) return fail(Errc::not_found, "stat", path.text());
  return describe(*node, path.name());
}

Result<std::vector<Entry>> MemoryTree::list(const Path& path) const {
  std::lock_guard lock(mutex_);
  const Node* node = find(path);
  if (node == nullptr) return fail(Errc::not_found, "list", path.text());
  if (node->kind != Kind::directory) return fail(Errc::not_directory, "list", path.text());
  std::vector<Entry> entries;
  entries.reserve(node->children.size());
  for (const auto& [name, child] : node->children) entries.push_back(describe(*child, name));
  return entries;
}

Result<MemoryTree::File> MemoryTree::file(const Path& path) const {
  std::lock_guard lock(mutex_);
  const Node* node = find(path);
  if (node == nullptr) return fail(Errc::not_found, "open", path.text());
  if (node->kind == Kind::directory) return fail(Errc::is_directory, "open", path.text());
  return File{node->content, node->version};
}

Result<std::optional<MemoryTree::File>> MemoryTree::upload_target(const Path& path) const {
  std::lock_guard lock(mutex_);
  if (parent_of(path) == nullptr) return fail(Errc::not_found, "upload", "no parent: " + path.text());
  const Node* node = find(path);
  if (node == nullptr) return std::nullopt;
  if (node->kind == Kind::directory) return fail(Errc::is_directory, "upload", path.text());
  return File{node->content, node->version};
}

Result<Entry> MemoryTree::publish(const Path& path, MemoryContent content, std::optional<std::uint64_t> expected) {
  std::lock_guard lock(mutex_);
  return publish_locked(path, std::move(content), expected);
}

Result<Entry> MemoryTree::publish_locked(const Path& path, MemoryContent content,
                                         std::optional<std::uint64_t> expected) {
  Node* parent = parent_of(path);
  if (parent == nullptr) return fail(Errc::not_found, "commit", "no parent: " + path.text());
  auto present = parent->children.find(path.name());
  Node* old = present == parent->children.end() ? nullptr : present->second.get();
  if (old != nullptr && old->kind == Kind::directory) return fail(Errc::is_directory, "commit", path.text());
  if (expected && (old == nullptr ? 0 : old->version) != *expected) {
    return fail(*expected == 0 ? Errc::already_exists : Errc::conflict, "commit", path.text());
  }
  const std::uint64_t released = old == nullptr ? 0 : old->content.size();
  if (bounded() && content.size() > capacity_ - (used_ - released)) {
    return fail(Errc::no_space, "commit", path.text());
  }
  used_ = used_ - released + content.size();
  auto fresh = make_node(Kind::file);
  fresh->content = std::move(content);
  if (old != nullptr) fresh->mode = old->mode;
  Entry entry = describe(*fresh, path.name());
  parent->children.insert_or_assign(std::string(path.name()), std::move(fresh));
  return entry;
}

Result<void> MemoryTree::rename(const Path& from, const Path& to, Existing existing) {
  std::lock_guard lock(mutex_);
  if (from.is_root()) return fail(Errc::denied, "rename", "the root");
  const Node* source = find(from);
  if (source == nullptr) return fail(Errc::not_found, "rename", from.text());
  if (source->kind == Kind::directory && to.within(from)) return fail(Errc::invalid, "rename", "into itself");
  Node* target_parent = parent_of(to);
  if (target_parent == nullptr) return fail(Errc::not_found, "rename", "no parent: " + to.text());
  const Node* target = find(to);
  if (target == source) return {};
  const bool directory = source->kind == Kind::directory || (target != nullptr && target->kind == Kind::directory);
  if (target != nullptr && (directory || existing == Existing::stays)) {
    return fail(Errc::already_exists, "rename", to.text());
  }
  if (target != nullptr) used_ -= target->content.size();
  auto handle = parent_of(from)->children.extract(std::string(from.name()));
  target_parent->children.insert_or_assign(std::string(to.name()), std::move(handle.mapped()));
  return {};
}

Result<Combined> MemoryTree::combine(const Path& target, const std::vector<Path>& sources,
                                     const CombineOptions& options) {
  std::lock_guard lock(mutex_);
  Combined done;
  MemoryContent content;
  for (const Path& source : sources) {
    const Node* node = find(source);
    if (node == nullptr) return fail(Errc::not_found, "combine", source.text());
    if (node->kind == Kind::directory) return fail(Errc::is_directory, "combine", source.text());
    done.sizes.push_back(node->content.size());
    content.append_all(node->content);
  }
  const std::uint64_t size = content.size();
  if (size > options.most) return fail(Errc::too_large, "combine", target.text());
  const auto expected = options.existing == Existing::stays ? std::optional<std::uint64_t>(0) : std::nullopt;
  // Under one lock the sources go as the target comes: no room is needed for both.
  used_ -= size;
  auto entry = publish_locked(target, std::move(content), expected);
  if (!entry) {
    used_ += size;
    if (entry.error().code == Errc::is_directory && expected) entry.error().code = Errc::already_exists;
    return fail(std::move(entry.error()));
  }
  for (const Path& source : sources) parent_of(source)->children.erase(std::string(source.name()));
  done.entry = std::move(*entry);
  return done;
}

Result<void> MemoryTree::remove_file(const Path& path) {
  std::lock_guard lock(mutex_);
  const Node* node = find(path);
  if (node == nullptr) return fail(Errc::not_found, "remove", path.text());
  if (node->kind == Kind::directory) return fail(Errc::is_directory, "remove", path.text());
  used_ -= node->content.size();
  parent_of(path)->children.erase(std::string(path.name()));
  return {};
}

Result<void> MemoryTree::remove_directory(const Path& path) {
  std::lock_guard lock(mutex_);
  if (path.is_root()) return fail(Errc::denied, "remove", "the root");
  const Node* node = find(path);
  if (node == nullptr) return fail(Errc::not_found, "remove", path.text());
  if (node->kind != Kind::directory) return fail(Errc::not_directory, "remove", path.text());
  if (!node->children.empty()) return fail(Errc::not_empty, "remove", path.text());
  parent_of(path)->children.erase(std::string(path.name()));
  return {};
}

Result<void> MemoryTree::make_directory(const Path& path) {
  std::lock_guard lock(mutex_);
  if (find(path) != nullptr) return fail(Errc::already_exists, "make directory", path.text());
  Node* parent = parent_of(path);
  if (parent == nullptr) return fail(Errc::not_found, "make directory", "no parent: " + path.text());
  parent->children.emplace(std::string(path.name()), make_node(Kind::directory));
  return {};
}

Result<void> MemoryTree::set_time(const Path& path, WallTime modified) {
  std::lock_guard lock(mutex_);
  Node* node = find(path);
  if (node == nullptr) return fail(Errc::not_found, "set time", path.text());
  node->modified = modified;
  return {};
}

Result<void> MemoryTree::set_mode(const Path& path, unsigned mode) {
  std::lock_guard lock(mutex_);
  Node* node = find(path);
  if (node == nullptr) return fail(Errc::not_found, "set mode", path.text());
  if (mode > 0777) return fail(Errc::invalid, "set mode", "more than permission bits");
  node->mode = mode;
  return {};
}

std::uint64_t MemoryTree::free_bytes() const {
  std::lock_guard lock(mutex_);
  return capacity_ - used_;
}

}  // namespace gantry::vfs
