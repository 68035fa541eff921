// The bare loops: a file to a socket, a socket to a file, a directory to a socket. What they cost is the floor of every
// server on this machine. Must not know: FTP.
#pragma once

#include <filesystem>

#include "tests/bench/wire/stream.hpp"

namespace gantry::bench {

/// How bytes get from a socket in clear into a file.
enum class Receiving {
  copy,    ///< recv() and write() of 256 KiB
  splice,  ///< through a pipe, without passing through this process
};

enum class Form { facts, long_lines };

/// Descriptors below 0: there is no such file.
[[nodiscard]] Descriptor open_to_send(const std::filesystem::path& path);
[[nodiscard]] Descriptor open_to_receive(const std::filesystem::path& path);
[[nodiscard]] Descriptor open_to_list(const std::filesystem::path& path);

/// sendfile(); under TLS read() and SSL_write() of 256 KiB.
void send_file(Stream& to, const Descriptor& file);
/// Until the clean end of the stream.
void receive_file(Stream& from, const Descriptor& file, Receiving receiving);
/// A line for each entry: getdents, fstatat and formatting.
void send_listing(Stream& to, const Descriptor& directory, Form form);

}  // namespace gantry::bench
