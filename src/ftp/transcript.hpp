// What was said on the control connection during one operation: libcurl reports it line by line, and this pairs each
// command with its replies. Bounded: a server that talks without end is cut off.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ftp/connection.hpp"

namespace gantry::ftp {

class Transcript {
 public:
  static constexpr std::size_t max_bytes = 256 * kib;  ///< of replies during one operation

  explicit Transcript(std::function<void(bool sent, std::string_view line)> trace) : trace_(std::move(trace)) {}

  void begin();  ///< forgets the operation before
  void sent(std::string_view line);
  /// False when the server has said too much: the operation must end.
  bool received(std::string_view line);

  /// The final reply to the last command that equals `command`; nothing when there was none.
  [[nodiscard]] const Reply* reply_to(std::string_view command) const;
  /// The reply that finally refused (5xx) the last command that moves data; nothing when it did not.
  [[nodiscard]] const Reply* refusal() const;
  /// The last complete reply to the last command, or the greeting; null while there is none.
  [[nodiscard]] const Reply* answer() const;
  /// The last command; empty before the first.
  [[nodiscard]] std::string_view command() const;
  /// Nothing was said yet.
  [[nodiscard]] bool silent() const { return exchanges_.empty(); }
  /// The operation had to connect anew / got through the login there.
  [[nodiscard]] bool connected_anew() const { return !exchanges_.empty() && exchanges_.front().command.empty(); }
  [[nodiscard]] bool logged_in() const;
  /// libcurl says goodbye: nothing after that belongs to the operation.
  [[nodiscard]] bool leaving() const { return leaving_; }
  [[nodiscard]] bool too_much() const { return bytes_ > max_bytes; }

 private:
  struct Exchange {
    std::string command;  ///< empty: the greeting
    std::vector<Reply> replies;
    bool open = false;  ///< the last reply still goes on
  };

  [[nodiscard]] Exchange& next_to_answer();

  std::function<void(bool, std::string_view)> trace_;
  std::vector<Exchange> exchanges_;
  std::size_t bytes_ = 0;
  bool leaving_ = false;
};

}  // namespace gantry::ftp
