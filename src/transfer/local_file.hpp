// A file of this machine, read or written from its beginning or from where it ended. Owns the descriptor.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "ftp/failure.hpp"

namespace gantry::transfer {

class LocalFile {
 public:
  /// For reading; Why::local for what is no regular file.
  [[nodiscard]] static ftp::Outcome<LocalFile> open(const std::string& path);
  /// For writing, empty; parents must exist.
  [[nodiscard]] static ftp::Outcome<LocalFile> create(const std::string& path);

  LocalFile(LocalFile&& other) noexcept;
  LocalFile& operator=(LocalFile&& other) noexcept;
  ~LocalFile();

  [[nodiscard]] std::uint64_t size() const { return size_; }  ///< when it was opened
  [[nodiscard]] ftp::Outcome<std::size_t> read(MutableBytes space);
  [[nodiscard]] ftp::Outcome<void> write(ByteView bytes);

 private:
  LocalFile(int descriptor, std::string path, std::uint64_t size)
      : descriptor_(descriptor), path_(std::move(path)), size_(size) {}

  int descriptor_ = -1;
  std::string path_;
  std::uint64_t size_ = 0;
};

}  // namespace gantry::transfer
