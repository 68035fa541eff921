// Whether both sides hold the same bytes: a checksum computed while they move, compared with the server's.
// Must not know: where bytes come from, what becomes of a file that differs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "digest/digest.hpp"
#include "transfer/file.hpp"
#include "transfer/local_file.hpp"

namespace gantry::transfer {

/// The checksum that will prove a transfer; nothing when the size must do. Automatic takes what costs the server least:
/// CRC64 is offered by servers that keep it with every file. Strong takes the strongest, and is refused when the server
/// has none. The connection must be open.
[[nodiscard]] Outcome<std::optional<digest::Algorithm>> choose_checksum(const ftp::Connection& connection, Proof proof);

/// "SHA-256", "CRC64": for people.
[[nodiscard]] std::string_view display_name(digest::Algorithm algorithm);

/// The checksum of the first bytes of a file, while they come by.
class RunningSum {
 public:
  explicit RunningSum(std::optional<digest::Algorithm> algorithm) : algorithm_(algorithm) { begin(); }

  void begin();  ///< forgets everything
  /// Bytes that stand at `offset`; those counted already are left out, so that a repeated stretch does no harm.
  void add(std::uint64_t offset, ByteView bytes);
  /// Reads `file` up to `end`, as far as that was not counted. `tick` is called between blocks and may end it.
  Outcome<void> catch_up(LocalFile& file, std::uint64_t end, const std::function<Outcome<void>()>& tick);

  [[nodiscard]] std::optional<digest::Algorithm> algorithm() const { return algorithm_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Lower-case hexadecimal; nothing more can be added.
  [[nodiscard]] const std::string& finish();

 private:
  std::optional<digest::Algorithm> algorithm_;
  std::optional<digest::Hasher> hasher_;
  std::uint64_t bytes_ = 0;
  std::string finished_;
};

/// CRC-64/XZ of the bytes from `from` to `end`; several threads may read one file.
[[nodiscard]] Outcome<std::uint64_t> crc64_of(const LocalFile& file, std::uint64_t from, std::uint64_t end,
                                              const std::function<Outcome<void>()>& tick);
/// As servers write it.
[[nodiscard]] std::string crc64_text(std::uint64_t crc);

enum class Verdict : std::uint8_t { equal, different, unknown };

struct Comparison {
  Verdict verdict = Verdict::unknown;
  std::string text;  ///< "SHA-256 3a7b..." when equal, both values when different, else why nobody knows
};

/// Asks the server for its checksum of the whole of `remote`. What the server refuses is unknown; failures are those
/// that another try may heal.
[[nodiscard]] Outcome<Comparison> compare(ftp::Connection& connection, const std::string& remote,
                                          digest::Algorithm algorithm, const std::string& ours, std::uint64_t size);
[[nodiscard]] Outcome<Comparison> compare(ftp::Connection& connection, const std::string& remote, RunningSum& sum);

/// Of an upload that ended well and has no checksum to compare, because of `why`: "size" when the server's file has so
/// many bytes, empty when it does not tell or none is wanted. Why::refused where `proof` is strong, Why::mismatch when
/// the sizes differ.
[[nodiscard]] Outcome<std::string> prove_without_checksum(ftp::Connection& connection, const std::string& remote,
                                                          std::uint64_t size, Proof proof, const std::string& why);

/// Fetches the last bytes of `remote`, which has `size`, and compares them with the same stretch of `file`; unknown
/// when the server does not let us read it.
[[nodiscard]] Outcome<Verdict> compare_tail(ftp::Connection& connection, const std::string& remote, LocalFile& file,
                                            std::uint64_t size);

}  // namespace gantry::transfer
