// A bucket whose listings lag (COS) as if they did not, as far as this process knows better: the one place where what
// was written is noted and where listings are set right. Everything else goes through untouched.
// Must not know: sessions, paths. One a lane, like the store below it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "object/store.hpp"
#include "vfs/recent_writes.hpp"

namespace gantry::vfs {

/// Costs no request of its own. A listing of a few keys that asks whether anything is there at all gets its answer also
/// when the store shows removed keys first: a few more are asked for at once, and another page only where they were not
/// enough. A whole page from which keys were dropped is handed on as it is; it may be empty and have a cursor.
class SettledStore final : public object::Store {
 public:
  /// `recent`: one for all stores of the bucket.
  SettledStore(std::shared_ptr<object::Store> store, std::shared_ptr<RecentWrites> recent)
      : store_(std::move(store)), recent_(std::move(recent)) {}

  [[nodiscard]] const object::Limits& limits() const override { return store_->limits(); }
  [[nodiscard]] object::ProvesCrc32c proves_crc32c() const override { return store_->proves_crc32c(); }
  [[nodiscard]] std::string origin() const override { return store_->origin(); }
  [[nodiscard]] Task<Result<object::ObjectInfo>> head(std::string key) override;
  [[nodiscard]] Task<Result<std::unique_ptr<object::Body>>> get(std::string key, object::GetOptions options) override;
  [[nodiscard]] Task<Result<object::PutResult>> put(std::string key, Chunks body, object::Integrity integrity,
                                                    object::PutOptions options) override;
  [[nodiscard]] Task<Result<object::ListPage>> list(object::ListRequest request) override;
  [[nodiscard]] Task<Result<void>> remove(std::string key) override;
  [[nodiscard]] Task<Result<std::vector<object::KeyFailure>>> remove_many(std::vector<std::string> keys) override;
  [[nodiscard]] Task<Result<object::PutResult>> copy(object::CopyRequest request) override;
  [[nodiscard]] Task<Result<std::string>> start_parts(std::string key, object::PutOptions options) override {
    return store_->start_parts(std::move(key), std::move(options));
  }
  [[nodiscard]] Task<Result<object::PartInfo>> put_part(object::PartTarget target, Chunks body,
                                                        object::Integrity integrity) override {
    return store_->put_part(std::move(target), std::move(body), std::move(integrity));
  }
  [[nodiscard]] Task<Result<object::PartInfo>> copy_part(object::PartTarget target, std::string from, ByteRange range,
                                                         std::string if_match) override {
    return store_->copy_part(std::move(target), std::move(from), range, std::move(if_match));
  }
  [[nodiscard]] Task<Result<std::vector<object::PartInfo>>> list_parts(std::string key,
                                                                       std::string upload_id) override {
    return store_->list_parts(std::move(key), std::move(upload_id));
  }
  [[nodiscard]] Task<Result<std::vector<object::UploadInfo>>> list_uploads(std::string prefix) override {
    return store_->list_uploads(std::move(prefix));
  }
  [[nodiscard]] Task<Result<object::PutResult>> finish_parts(std::string key, std::string upload_id,
                                                             std::vector<object::PartInfo> parts,
                                                             bool create_only) override;
  [[nodiscard]] Task<Result<void>> abort_parts(std::string key, std::string upload_id) override {
    return store_->abort_parts(std::move(key), std::move(upload_id));
  }
  [[nodiscard]] Task<Result<void>> probe() override { return store_->probe(); }

 private:
  void note(object::ObjectInfo written, RecentWrites::Moment begun, const Result<object::PutResult>& outcome);
  void note_removal(const std::string& key, RecentWrites::Moment begun, const Error* error);

  std::shared_ptr<object::Store> store_;
  std::shared_ptr<RecentWrites> recent_;
};

}  // namespace gantry::vfs
