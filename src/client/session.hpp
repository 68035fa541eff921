// One run of the program: the settings, the connections made so far, and in the shell where we are.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/config_file.hpp"
#include "client/exit.hpp"
#include "client/setting_table.hpp"
#include "client/settings.hpp"
#include "ftp/connection.hpp"
#include "transfer/board.hpp"

namespace gantry::client {

class Jobs;

/// A path on a server.
struct Place {
  ftp::Connection* connection = nullptr;  ///< open
  std::string path;                       ///< absolute, without a slash at the end unless it is "/"
  bool directory = false;                 ///< it was written with a slash at the end
  std::string bookmark{};                 ///< by which it was named; empty: by none
};

class Session {
 public:
  /// `options` sets what the command line says in front of all verbs.
  explicit Session(Config config, std::function<void(Settings&)> options = {});

  /// A verb with these words begins: the settings become those of the configuration, of the bookmark that a word names
  /// or where we are, of the command line, of `set`, in this order.
  void begin(const std::vector<std::string>& words);
  /// What `set` says, for all verbs from now on.
  void set(const Setting& setting, std::string value) { changes_.emplace_back(&setting, std::move(value)); }
  [[nodiscard]] const Config& config() const { return config_; }
  /// Lets `change` write the configuration file, and reads the bookmarks from it again.
  Exit change_bookmarks(const std::function<ftp::Outcome<void>(const std::filesystem::path&)>& change);

  /// What a verb's argument means: a URL, or in the shell a path below the current directory. Connects and logs in
  /// when that was not done.
  [[nodiscard]] ftp::Outcome<Place> place(const std::string& argument);
  /// A further connection to the same server, for work side by side.
  [[nodiscard]] std::unique_ptr<ftp::Connection> another(const ftp::Connection& like) const;

  /// The shell's current server and directory; one-shot runs have none.
  [[nodiscard]] ftp::Outcome<void> go(const std::string& url_or_path);
  /// To where we were before the last go().
  [[nodiscard]] ftp::Outcome<void> go_back();
  /// The same on a server that another session knows already, over a connection of its own.
  [[nodiscard]] ftp::Outcome<void> go(const ftp::Site& site, const std::string& path);
  [[nodiscard]] const Place& here() const { return here_; }
  /// All connections made so far, in the order of their servers' names.
  [[nodiscard]] std::vector<const ftp::Connection*> servers() const;
  /// An argument that says which server it means.
  [[nodiscard]] bool names_server(const std::string& argument) const;
  void leave();

  /// Those of the running verb.
  Settings& settings() { return settings_; }
  transfer::Board& board() { return board_; }
  /// What runs in the background of the shell.
  Jobs& jobs() { return *jobs_; }
  /// Set by Ctrl-C; a verb that sees it ends soon.
  std::atomic<bool>& stop() { return stop_; }

  /// Prints a failure on standard error, "what: why", and returns its exit code.
  Exit report(const std::string& what, const ftp::Failure& failure) const;

  /// From wherever find_password() finds it.
  [[nodiscard]] ftp::Outcome<Secret> password_of(const ftp::Site& site) const;

 private:
  [[nodiscard]] ftp::Outcome<void> enter(const Place& target);
  [[nodiscard]] ftp::Outcome<ftp::Connection*> connect(const ftp::Site& site, const std::string& bookmark);
  [[nodiscard]] ftp::ConnectionOptions connection_options() const;

  Config config_;
  std::function<void(Settings&)> options_;
  std::vector<std::pair<const Setting*, std::string>> changes_;
  Settings settings_;
  transfer::Board board_;
  std::atomic<bool> stop_ = false;
  std::map<std::string, std::unique_ptr<ftp::Connection>> connections_;  ///< by bookmark and site
  Place here_;
  Place before_;  ///< where we were before that
  std::shared_ptr<Jobs> jobs_;
};

/// `path` as the server's path without ".", ".." and doubled slashes; what is not absolute lies below `base`.
[[nodiscard]] std::string resolve(const std::string& base, const std::string& path);

}  // namespace gantry::client
