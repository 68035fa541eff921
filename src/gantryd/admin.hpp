// gantryd user, sessions, reload: what administrators ask, as words, and the answers for people or as JSON.
// Must not know: how the commands are carried out (server/admin.hpp), sockets, databases.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace gantry {

class AdminCommands {
 public:
  /// Adds the commands to `app`; `file` is what --config sets. Both must outlive this.
  AdminCommands(CLI::App& app, std::string& file);
  ~AdminCommands();
  AdminCommands(const AdminCommands&) = delete;
  AdminCommands& operator=(const AdminCommands&) = delete;

  /// One of them was given.
  [[nodiscard]] bool parsed() const;
  /// Carries it out. 0, or an exit code: 1 refused, 64 usage, 69 unavailable, 78 configuration.
  [[nodiscard]] int run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gantry
