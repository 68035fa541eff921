// A small JSON reader for test vectors. Throws std::runtime_error on bad input: a broken vector file is a bug.
// Must not know: what the files mean. Numbers are kept as doubles; large ones are strings in our vectors.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::test {

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };

  [[nodiscard]] static Json parse(std::string_view text);
  [[nodiscard]] static Json load(const std::string& path);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool boolean() const { return number_ != 0; }
  [[nodiscard]] double number() const { return number_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<Json>& items() const { return items_; }
  [[nodiscard]] bool has(const std::string& name) const { return members_.contains(name); }
  /// A member; a null value when it is missing.
  [[nodiscard]] const Json& operator[](const std::string& name) const;

 private:
  friend class JsonReader;
  Kind kind_ = Kind::null;
  double number_ = 0;
  std::string text_;
  std::vector<Json> items_;
  std::map<std::string, Json> members_;
};

}  // namespace gantry::test
