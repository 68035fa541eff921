// object::Store on an S3 or COS bucket over HTTP. One a lane; the stores of all lanes for one bucket share a
// SharedStoreState. Bodies that get() returned must not outlive the store.
// Must not know: directories, FTP, buffers of transfers.
//
// A source key with '%' is not copied in parts on S3 stores with an endpoint of their own: Ceph's gateway decodes the
// name twice there and dies of it. Such a range is read and sent as an ordinary part, up to max_part_by_hand bytes
// (Errc::unsupported beyond).
#pragma once

#include <memory>

#include "object/exchange.hpp"
#include "object/store.hpp"

namespace gantry::object {

/// Clients with `options` on the caller's lane; when they name no proxy, the environment's for the origin is used.
/// `pool` must outlive the store.
[[nodiscard]] ClientFactory http_clients(asio::any_io_executor executor, http::ClientOptions options,
                                         async::BlockingPool& pool);

class RemoteStore final : public Store {
 public:
  static constexpr std::uint64_t max_part_by_hand = 64 * mib;

  /// Errors: invalid (bucket, region, endpoint), and what `make_client` says. Connects to nothing yet.
  [[nodiscard]] static Result<std::unique_ptr<RemoteStore>> create(StoreOptions options,
                                                                   std::shared_ptr<SharedStoreState> shared,
                                                                   ClientFactory make_client);

  const Limits& limits() const override { return exchange_->dialect().limits; }
  [[nodiscard]] ProvesCrc32c proves_crc32c() const override;
  [[nodiscard]] std::string origin() const override;
  Task<Result<ObjectInfo>> head(std::string key) override;
  Task<Result<std::unique_ptr<Body>>> get(std::string key, GetOptions options) override;
  Task<Result<PutResult>> put(std::string key, Chunks body, Integrity integrity, PutOptions options) override;
  Task<Result<ListPage>> list(ListRequest request) override;
  Task<Result<void>> remove(std::string key) override;
  Task<Result<std::vector<KeyFailure>>> remove_many(std::vector<std::string> keys) override;
  Task<Result<PutResult>> copy(CopyRequest request) override;
  Task<Result<std::string>> start_parts(std::string key, PutOptions options) override;
  Task<Result<PartInfo>> put_part(PartTarget target, Chunks body, Integrity integrity) override;
  Task<Result<PartInfo>> copy_part(PartTarget target, std::string from, ByteRange range, std::string if_match) override;
  Task<Result<std::vector<PartInfo>>> list_parts(std::string key, std::string upload_id) override;
  Task<Result<std::vector<UploadInfo>>> list_uploads(std::string prefix) override;
  Task<Result<PutResult>> finish_parts(std::string key, std::string upload_id, std::vector<PartInfo> parts,
                                       bool create_only) override;
  Task<Result<void>> abort_parts(std::string key, std::string upload_id) override;
  Task<Result<void>> probe() override;

 private:
  explicit RemoteStore(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

  [[nodiscard]] Result<void> check_key(const std::string& operation, const std::string& key) const;
  [[nodiscard]] Result<void> check_metadata(const std::string& operation, const Metadata& metadata) const;
  [[nodiscard]] ObjectInfo info_of(std::string key, const http::Response& response) const;
  [[nodiscard]] std::optional<std::uint64_t> crc64_of(const http::Response& response) const;
  void add_put_headers(Call& call, const PutOptions& options) const;
  [[nodiscard]] std::string copy_source(const std::string& origin, const std::string& key) const;

  /// PUT of an object or a part: sends the body, reads the empty answer and compares the checksums.
  [[nodiscard]] Task<Attempt<PutResult>> send_body(const Call& call, const Integrity& integrity);
  /// A server-side copy, a part copy or a join: 200 says nothing before the document is read.
  [[nodiscard]] Task<Attempt<PutResult>> send_for_document(const Call& call);
  [[nodiscard]] Task<Attempt<std::string>> ask_for_parts(const Call& call);
  /// `refused`: set when the store refused the request as it stands.
  [[nodiscard]] Task<Result<std::string>> begin_parts(Call call, std::function<void()> unheard, bool& refused);
  [[nodiscard]] Task<Result<PutResult>> send_part(Call call, Integrity integrity, bool& refused);
  /// The part again, as it was not proved by the CRC-32C sent with it.
  [[nodiscard]] Task<Result<PutResult>> send_part_by_md5(Call call, Integrity integrity);
  /// What stands under the key if it is what we sent: for a try whose answer was lost. Nothing: it is not, or nobody
  /// can tell.
  [[nodiscard]] Task<std::optional<PutResult>> find_sent(std::string key, Chunks body, Integrity integrity);
  /// The same for a server-side copy.
  [[nodiscard]] Task<std::optional<PutResult>> find_copied(std::string from, std::string to);
  /// Removes what a put left under the key, if it still is there and is not what was sent.
  [[nodiscard]] Task<void> remove_spoilt(std::string key, Chunks body, Integrity integrity);
  [[nodiscard]] Task<std::optional<PutResult>> find_joined(std::string key, std::vector<PartInfo> parts);
  [[nodiscard]] Call join_call(const std::string& key, const std::string& upload_id, const std::vector<PartInfo>& parts,
                               bool create_only) const;
  [[nodiscard]] Task<Result<PartInfo>> copy_part_by_hand(PartTarget target, std::string from, ByteRange range,
                                                         std::string if_match);
  [[nodiscard]] Task<Result<std::vector<KeyFailure>>> remove_listed(std::vector<std::string> keys);
  [[nodiscard]] Call list_call(const ListRequest& request) const;
  /// Tells the caller the next page's cursor if the frame of the answer `text` shows it. Both outlive the task.
  [[nodiscard]] Task<void> announce_cursor(const ListRequest& request, std::string_view text) const;

  std::unique_ptr<Exchange> exchange_;
};

}  // namespace gantry::object
