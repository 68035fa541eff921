#include "tests/bench/floor/transfer.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iterator>
#include <memory>
#include <vector>

namespace gantry::bench {

namespace {

constexpr std::size_t chunk = 256u << 10;

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) throw system_failure("write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void receive_by_copy(Stream& from, int file) {
  // Not filled with zeroes first: that would be a part of the cost of a small file.
  const auto buffer = std::make_unique_for_overwrite<char[]>(chunk);
  while (const auto got = from.read({buffer.get(), chunk})) write_all(file, {buffer.get(), got});
}

void receive_by_splice(Stream& from, int file) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure("pipe");
  const Descriptor out(ends[0]);
  const Descriptor in(ends[1]);
  ::fcntl(in.get(), F_SETPIPE_SZ, static_cast<int>(chunk));
  for (;;) {
    auto waiting = ::splice(from.descriptor(), nullptr, in.get(), nullptr, chunk, SPLICE_F_MOVE);
    if (waiting < 0) throw system_failure("splice from the socket");
    if (waiting == 0) return;
    while (waiting > 0) {
      const auto moved = ::splice(out.get(), nullptr, file, nullptr, static_cast<std::size_t>(waiting), SPLICE_F_MOVE);
      if (moved <= 0) throw system_failure("splice into the file");
      waiting -= moved;
    }
  }
}

void add_line(std::string& to, const dirent& entry, const struct stat& state, Form form) {
  const auto time = fmt::gmtime(state.st_mtime);
  const std::string_view name(entry.d_name);
  const bool directory = S_ISDIR(state.st_mode);
  if (form == Form::facts)
    fmt::format_to(std::back_inserter(to), "type={};size={};modify={:%Y%m%d%H%M%S}; {}\r\n", directory ? "dir" : "file",
                   state.st_size, time, name);
  else
    fmt::format_to(std::back_inserter(to), "{}rw-r--r-- {} {} {} {} {:%b %d %H:%M} {}\r\n", directory ? 'd' : '-',
                   state.st_nlink, state.st_uid, state.st_gid, state.st_size, time, name);
}

}  // namespace

Descriptor open_to_send(const std::filesystem::path& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

Descriptor open_to_receive(const std::filesystem::path& path) {
  return Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
}

Descriptor open_to_list(const std::filesystem::path& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

void send_file(Stream& to, const Descriptor& file) {
  struct stat state{};
  if (::fstat(file.get(), &state) != 0) throw system_failure("fstat");
  const auto buffer = to.secure() ? std::make_unique_for_overwrite<char[]>(chunk) : nullptr;
  to.send_file(file.get(), 0, static_cast<std::uint64_t>(state.st_size), {buffer.get(), buffer ? chunk : 0});
}

void receive_file(Stream& from, const Descriptor& file, Receiving receiving) {
  if (receiving == Receiving::splice && !from.secure())
    receive_by_splice(from, file.get());
  else
    receive_by_copy(from, file.get());
}

void send_listing(Stream& to, const Descriptor& directory, Form form) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(::dup(directory.get())), ::closedir);
  if (!entries) throw system_failure("fdopendir");
  std::string lines;
  while (const auto* entry = ::readdir(entries.get())) {
    if (entry->d_name[0] == '.') continue;
    struct stat state{};
    if (::fstatat(directory.get(), entry->d_name, &state, AT_SYMLINK_NOFOLLOW) != 0) continue;
    add_line(lines, *entry, state, form);
    if (lines.size() < chunk) continue;
    to.write(lines);
    lines.clear();
  }
  to.write(lines);
}

}  // namespace gantry::bench
