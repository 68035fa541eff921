// What one FTP session remembers between commands. Plain data; the rules live in dispatch and the handlers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "accounts/account.hpp"
#include "base/bytes.hpp"
#include "digest/digest.hpp"
#include "limits/session_limits.hpp"
#include "proto/host_port.hpp"
#include "proto/list_format.hpp"
#include "session/host.hpp"
#include "vfs/file_system.hpp"

namespace gantry::session {

enum class TransferType : std::uint8_t { ascii, binary };
enum class TransferMode : std::uint8_t { stream, deflate };
enum class Protection : std::uint8_t { clear, private_ };

/// Where the next data connection goes: nothing, a listener of ours, or an address of the client's.
struct DataTarget {
  std::optional<PassiveListener> passive;
  std::optional<proto::HostPort> active;

  [[nodiscard]] bool set() const { return passive.has_value() || active.has_value(); }
  void clear() {
    passive.reset();
    active.reset();
  }
};

/// What the client announced for the next transfer; forgotten after one try.
struct TransferParameters {
  std::optional<std::uint64_t> restart;    ///< REST (RFC 3659 section 5)
  std::optional<std::uint64_t> announced;  ///< ALLO
  std::optional<ByteRange> range;          ///< RANG (draft-bryan-ftp-range)
};

/// The transfer that runs now, for STAT (RFC 959) and the log.
struct Progress {
  std::string what;  ///< "RETR /a/b"
  std::uint64_t bytes = 0;
  SteadyClock::time_point started{};
  bool stops_with_client = false;  ///< also when it is no transfer: not gone on with when nobody can hear of its end
};

struct State {
  // Identity
  std::string user;  ///< as given by USER
  bool logged_in = false;
  accounts::Account account;
  std::shared_ptr<vfs::FileSystem> files;
  std::optional<vfs::Quota> quota;
  limits::SpeedLimits speed;
  std::optional<limits::UserSlot> user_slot;
  unsigned failed_logins = 0;
  std::string host_name;  ///< given by HOST (RFC 7151)
  std::string client;     ///< given by CLNT or CSID

  // Where we are
  vfs::Path cwd;
  std::optional<vfs::Path> rename_from;

  // How we transfer
  TransferType type = TransferType::ascii;
  TransferMode mode = TransferMode::stream;
  int deflate_level = 6;
  bool pbsz_given = false;
  Protection protection = Protection::clear;
  bool epsv_all = false;
  DataTarget data;
  TransferParameters next;
  proto::MlsxFacts facts;
  digest::Algorithm hash = digest::Algorithm::sha256;
  std::optional<Progress> progress;
};

}  // namespace gantry::session
