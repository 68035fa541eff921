// object::Store in memory for tests of what stands on it: every verb, counted requests, failures on demand, strongly
// consistent unless its listings are told to lag. Must not know: HTTP. The fake store over HTTP is fake_store.hpp.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "object/store.hpp"

namespace gantry::test {

struct MemoryStoreOptions {
  object::Limits limits{.min_part = 1};
  bool crc64 = true;            ///< answer CRC-64 as COS does
  std::size_t listing_lag = 0;  ///< see lag_listings()
  bool create_only = true;      ///< knows the condition, of a copy and a join too; otherwise of a put only
};

/// Operations are named as in object::Store: "head", "get", "body" (each Body::read), "put", "list", "remove",
/// "remove_many", "copy", "start_parts", "put_part", "copy_part", "list_parts", "list_uploads", "finish_parts",
/// "abort_parts", "probe". Single-threaded, like one lane.
class MemoryStore : public object::Store {
 public:
  explicit MemoryStore(MemoryStoreOptions options = {});
  ~MemoryStore() override;

  // --- what tests do ---

  /// The next `times` calls of `operation` fail with `code` and change nothing.
  void fail_next(std::string_view operation, Errc code, unsigned times = 1);
  /// The next `times` calls of `operation` take effect and still report `code`: a lost answer.
  void lose_answer(std::string_view operation, Errc code, unsigned times = 1);
  /// Called at the begin of every operation; may block it (a gate, a delay). Empty: nothing.
  void on_call(std::function<Task<void>(std::string operation, std::string key)> hook);

  /// Calls of one operation, or of all ("body" is never counted in the sum) with an empty name.
  [[nodiscard]] std::uint64_t count(std::string_view operation = {}) const;
  void reset_counts();

  /// Puts an object straight in, uncounted.
  void set(const std::string& key, std::string content, object::PutOptions options = {}, WallTime modified = {});
  [[nodiscard]] bool has(const std::string& key) const;
  /// The content; empty when missing.
  [[nodiscard]] std::string content(const std::string& key) const;
  [[nodiscard]] object::Metadata metadata(const std::string& key) const;
  [[nodiscard]] std::vector<std::string> keys() const;
  [[nodiscard]] std::size_t open_uploads() const;

  /// Listings do not show the last `writes` changes; all others they do. `all_writes`: they stay as they are.
  void lag_listings(std::size_t writes);
  static constexpr std::size_t all_writes = static_cast<std::size_t>(-1);

  /// Copies may come from `other`, whose origin is "other".
  void copies_from(MemoryStore& other) { other_ = &other; }

  // --- object::Store ---

  [[nodiscard]] const object::Limits& limits() const override;
  [[nodiscard]] std::string origin() const override { return "other"; }
  [[nodiscard]] Task<Result<object::ObjectInfo>> head(std::string key) override;
  [[nodiscard]] Task<Result<std::unique_ptr<object::Body>>> get(std::string key, object::GetOptions options) override;
  [[nodiscard]] Task<Result<object::PutResult>> put(std::string key, Chunks body, object::Integrity integrity,
                                                    object::PutOptions options) override;
  [[nodiscard]] Task<Result<object::ListPage>> list(object::ListRequest request) override;
  [[nodiscard]] Task<Result<void>> remove(std::string key) override;
  [[nodiscard]] Task<Result<std::vector<object::KeyFailure>>> remove_many(std::vector<std::string> keys) override;
  [[nodiscard]] Task<Result<object::PutResult>> copy(object::CopyRequest request) override;
  [[nodiscard]] Task<Result<std::string>> start_parts(std::string key, object::PutOptions options) override;
  [[nodiscard]] Task<Result<object::PartInfo>> put_part(object::PartTarget target, Chunks body,
                                                        object::Integrity integrity) override;
  [[nodiscard]] Task<Result<object::PartInfo>> copy_part(object::PartTarget target, std::string from, ByteRange range,
                                                         std::string if_match) override;
  [[nodiscard]] Task<Result<std::vector<object::PartInfo>>> list_parts(std::string key, std::string upload_id) override;
  [[nodiscard]] Task<Result<std::vector<object::UploadInfo>>> list_uploads(std::string prefix) override;
  [[nodiscard]] Task<Result<object::PutResult>> finish_parts(std::string key, std::string upload_id,
                                                             std::vector<object::PartInfo> parts,
                                                             bool create_only) override;
  [[nodiscard]] Task<Result<void>> abort_parts(std::string key, std::string upload_id) override;
  [[nodiscard]] Task<Result<void>> probe() override;

 private:
  struct Object;
  struct Upload;
  class Reader;
  struct Scripted {
    Errc code = Errc::unavailable;
    unsigned times = 0;
  };

  [[nodiscard]] Task<Result<void>> enter(std::string operation, std::string key);
  [[nodiscard]] Result<void> leave(std::string_view operation);
  [[nodiscard]] object::ObjectInfo info_of(const std::string& key, const Object& object) const;
  /// `key` was stored or removed: listings hear of it.
  void changed(const std::string& key);
  [[nodiscard]] object::PutResult store(const std::string& key, std::shared_ptr<Object> object);
  /// What is copied, there or here; null without it.
  [[nodiscard]] std::shared_ptr<Object> find_source(const std::string& origin, const std::string& key) const;
  [[nodiscard]] Upload* find_upload(const std::string& key, const std::string& upload_id);
  [[nodiscard]] object::PartInfo add_part(Upload& upload, std::uint32_t number, std::string content) const;

  MemoryStoreOptions options_;
  std::map<std::string, std::shared_ptr<Object>> objects_;
  std::map<std::string, std::shared_ptr<Object>> listed_;                       // what listings show
  std::deque<std::pair<std::string, std::shared_ptr<Object>>> not_yet_listed_;  // nothing: removed
  std::map<std::string, Upload> uploads_;                                       // by upload id
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::map<std::string, Scripted, std::less<>> failures_;
  std::map<std::string, Scripted, std::less<>> lost_answers_;
  std::function<Task<void>(std::string, std::string)> hook_;
  MemoryStore* other_ = nullptr;
  unsigned next_upload_ = 1;
};

}  // namespace gantry::test
