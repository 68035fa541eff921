// A user: identity, home, rights and limits. A value; where it comes from is the store's business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/permissions.hpp"
#include "async/task.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

namespace gantry::accounts {

/// A place in a store: name and absolute prefix, %u already replaced by the user's name.
struct Place {
  std::string store;
  std::string prefix;
};

struct Account {
  std::string name;
  Secret password;  ///< hash or plain text, see password.hpp
  Place home;
  std::map<std::string, Place> mounts;  ///< absolute FTP path -> place
  Permissions permissions;
  std::map<std::string, Permissions> directory_permissions;  ///< absolute FTP path -> instead, in it and below
  bool delete_enable = true;      ///< false: nothing that exists may be destroyed, whatever the permissions say
  std::vector<std::string> deny;  ///< patterns of names that cannot be used, see tree_rules.hpp
  std::vector<std::string> hide;  ///< patterns of names that listings leave out
  std::string drop_box;  ///< absolute FTP path, anonymous only: takes new files, shows none; empty: there is none
  std::uint64_t quota_bytes = 0;
  std::uint64_t quota_files = 0;
  std::uint64_t max_upload = 0;  ///< bytes per second over all sessions, 0: no limit
  std::uint64_t max_download = 0;
  std::uint64_t max_session_upload = 0;  ///< of each session
  std::uint64_t max_session_download = 0;
  std::uint32_t max_sessions = 0;
  bool administrator = false;           ///< may use the places beyond server.max_sessions
  std::vector<std::string> allow_from;  ///< CIDR; empty: from everywhere
  bool require_tls = false;
  bool disabled = false;
  std::string certificate;  ///< a name in the client's certificate that takes the password's place; empty: none does
  bool certificate_and_password = false;
  bool password_replaceable = false;  ///< its source takes replace_password()
  bool anonymous = false;

  /// At an absolute FTP path: those of the longest directory above or at it that has its own.
  [[nodiscard]] Permissions permissions_at(std::string_view path) const;
  /// What is allowed somewhere.
  [[nodiscard]] Permissions permissions_anywhere() const;
};

/// An attempt to log in.
struct Login {
  std::string user;
  Secret password;
  std::string peer_address;  ///< canonical text, IPv4-mapped addresses as IPv4
  bool encrypted = false;
  std::vector<std::string> certificate_names{};  ///< of the client's certificate, once it has been verified
};

/// Checks logins. Thread-safe; one for the process, replaced as a whole on reload.
class Accounts {
 public:
  virtual ~Accounts() = default;
  /// The account when name, password and the account's own rules (allow_from, require_tls) agree. Errc::denied
  /// otherwise, after the same work whether the name exists or not; Errc::throttled when too many checks wait; what
  /// else fails is no verdict on the login. The log text says which rule failed; the client must not learn it.
  [[nodiscard]] virtual Task<Result<Account>> login(Login attempt) = 0;
  /// The account when the certificate of the client and the rules of the account let it in without a password; nothing
  /// when that cannot be told or a password has to decide.
  [[nodiscard]] virtual Task<std::optional<Account>> login_by_certificate(Login attempt) = 0;
};

}  // namespace gantry::accounts
