// What the [log] table asks of the process log.
// Must not know: how a log is written (base/log.cpp does).
#pragma once

#include "base/log.hpp"
#include "config/config.hpp"

namespace gantry::config {

[[nodiscard]] inline log::Options log_options(const Log& settings) {
  return {.level = settings.level,
          .format = settings.format,
          .directory = settings.directory,
          .rotation = settings.rotate,
          .rotate_bytes = settings.rotate_size,
          .keep_files = settings.keep_files,
          .xferlog = settings.xferlog};
}

}  // namespace gantry::config
