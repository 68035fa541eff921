// A string that must not be printed. Formatting it shows "***"; reveal() is the one way to the text.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gantry {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

inline constexpr std::string_view hidden_secret = "***";

}  // namespace gantry
