// Runs another program: a text in, a text out. Must not know: what they talk about.
#pragma once

#include <cstddef>
#include <string>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/error.hpp"

namespace gantry::async {

/// Starts the program at `path` with `input` on its standard input, which is then closed, and returns what it wrote to
/// its standard output, once it has ended with status 0. It gets a PATH and no other variable, our standard error and
/// no other descriptor. Errc::unavailable when it cannot be started, ends otherwise or writes more than `most` bytes;
/// Errc::cancelled. It and whatever it started in its process group are killed in the end, by its number. No limit of
/// its own: the caller cancels; from the end of the program on, the calling child cannot be cancelled any more.
/// The process ignores SIGPIPE; the program ends by it and by SIGXFSZ as usual.
[[nodiscard]] Task<Result<std::string>> run_program(BlockingPool& pool, std::string path, std::string input,
                                                    std::size_t most);

}  // namespace gantry::async
