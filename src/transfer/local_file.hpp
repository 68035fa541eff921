// A file of this machine, read or written from its beginning or from where seek() put it. Owns the descriptor.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "base/bytes.hpp"
#include "base/units.hpp"
#include "ftp/failure.hpp"

namespace gantry::transfer {

/// What tells whether a file was changed.
struct FileState {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  ///< since 1970, as exact as the file system keeps it

  [[nodiscard]] WallTime modified() const {
    return WallTime(std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds(modified_ns)));
  }
  bool operator==(const FileState&) const = default;
};

/// As the calls of the system take it.
[[nodiscard]] timespec timespec_of(WallTime time);

class LocalFile {
 public:
  /// For reading; Why::local for what is no regular file.
  [[nodiscard]] static ftp::Outcome<LocalFile> open(const std::string& path);
  /// For reading and writing, made when it is missing; parents must exist. Never through a symbolic link, and locked:
  /// Why::local while another process has it open in this way.
  [[nodiscard]] static ftp::Outcome<LocalFile> open_locked(const std::string& path);

  LocalFile(LocalFile&& other) noexcept;
  LocalFile& operator=(LocalFile&& other) noexcept;
  ~LocalFile();

  [[nodiscard]] std::uint64_t size() const { return opened_.size; }  ///< when it was opened
  [[nodiscard]] const FileState& opened() const { return opened_; }  ///< how it was then
  [[nodiscard]] ftp::Outcome<FileState> now() const;
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] ftp::Outcome<void> seek(std::uint64_t offset);
  [[nodiscard]] ftp::Outcome<std::size_t> read(MutableBytes space);
  [[nodiscard]] ftp::Outcome<void> write(ByteView bytes);
  /// At any place, whatever seek() said; several threads may do it at once.
  [[nodiscard]] ftp::Outcome<std::size_t> read_at(std::uint64_t offset, MutableBytes space) const;
  [[nodiscard]] ftp::Outcome<void> write_at(std::uint64_t offset, ByteView bytes) const;

  [[nodiscard]] ftp::Outcome<void> cut(std::uint64_t size);
  /// Space for the whole file, where the file system can promise it; its size stays. Fails when there is not enough.
  [[nodiscard]] ftp::Outcome<void> reserve(std::uint64_t size);
  [[nodiscard]] ftp::Outcome<void> sync();
  /// As far as the file system lets us: a file without the right time is still whole.
  void set_modified(WallTime time);

  /// A remark kept with the file (extended attribute user.gantry.source); empty where there is none, or no such thing.
  [[nodiscard]] std::string source() const;
  void set_source(const std::string& source);

  /// Gives it another name on the same disk. Without `replace` a file of that name is never replaced.
  [[nodiscard]] ftp::Outcome<void> rename(const std::string& path, bool replace);

 private:
  LocalFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  [[nodiscard]] ftp::Outcome<void> look();

  int descriptor_ = -1;
  std::string path_;
  FileState opened_;
};

}  // namespace gantry::transfer
