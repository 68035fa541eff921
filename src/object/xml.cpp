#include "object/xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

namespace gantry::object::xml {
namespace {

constexpr std::string_view blanks = " \t\r\n";
/// Of what stands before the names of a listing, or behind them: some markers, each an encoded key.
constexpr std::size_t longest_frame_end = 16 * kib;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view without_prefix(std::string_view name) {
  if (std::size_t colon = name.find(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
  return name;
}

std::string_view local_name(const pugi::xml_node& node) { return without_prefix(node.name()); }

/// The local name of the first element, found without parsing the rest; empty where something else comes first.
std::string_view first_name(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const std::string_view end = text.starts_with("<?") ? "?>" : text.starts_with("<!--") ? "-->" : "";
    if (end.empty()) break;
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + end.size());
  }
  if (!text.starts_with('<')) return {};
  text.remove_prefix(1);
  return without_prefix(text.substr(0, text.find_first_of(" \t\r\n/>")));
}

/// A parsed document whose root has the expected local name; the node lives as long as this.
class Document {
 public:
  explicit Document(std::string text) : text_(std::move(text)) {
    const std::size_t begin = text_.find_first_not_of(blanks);
    if (begin == std::string::npos || text_.size() > max_document) return;
    // Blank text matters where it is the whole of a key.
    constexpr unsigned flags = pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_doctype;
    const auto loaded =
        document_.load_buffer_inplace(text_.data() + begin, text_.size() - begin, flags, pugi::encoding_utf8);
    if (!loaded) return;
    for (pugi::xml_node node : document_.children())
      if (node.type() == pugi::node_doctype) return;
    root_ = document_.document_element();
  }

  [[nodiscard]] pugi::xml_node root(std::string_view name) const {
    return root_ && local_name(root_) == name ? root_ : pugi::xml_node();
  }

 private:
  std::string text_;  // the nodes point into it
  pugi::xml_document document_;
  pugi::xml_node root_;
};

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  for (pugi::xml_node node : parent.children())
    if (local_name(node) == name) return node;
  return {};
}

/// As long as the document lives.
std::string_view text_in(const pugi::xml_node& node) { return node.text().get(); }

std::string text_of(const pugi::xml_node& parent, std::string_view name) {
  return std::string(text_in(child(parent, name)));
}

template <class T>
std::optional<T> number_in(const pugi::xml_node& node) {
  const std::string_view text = text_in(node);
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
std::optional<T> number_of(const pugi::xml_node& parent, std::string_view name) {
  return number_in<T>(child(parent, name));
}

bool is_true(const pugi::xml_node& parent, std::string_view name) { return text_in(child(parent, name)) == "true"; }

/// Names of a reply that may be url-encoded. A name that does not decode marks the whole reply as broken.
class Names {
 public:
  Names(const pugi::xml_node& root, Plus plus) : plus_(plus) {
    for (std::string_view spelling : {"EncodingType", "Encoding-Type", "Encoding-type"})
      encoded_ = encoded_ || text_in(child(root, spelling)) == "url";
  }
  std::string read(const pugi::xml_node& node) {
    const std::string_view text = text_in(node);
    if (!encoded_) return std::string(text);
    auto decoded = decode(text, plus_);
    if (!decoded) good_ = false;
    return std::move(decoded).value_or(std::string());
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  Plus plus_;
  bool encoded_ = false;
  bool good_ = true;
};

/// In one pass: a page has a thousand of them.
std::optional<ObjectInfo> read_object(const pugi::xml_node& node, Names& names) {
  ObjectInfo info;
  std::optional<std::uint64_t> size;
  for (pugi::xml_node field : node.children()) {
    const std::string_view name = local_name(field);
    if (name == "Key")
      info.key = names.read(field);
    else if (name == "Size")
      size = number_in<std::uint64_t>(field);
    else if (name == "ETag")
      info.etag = unquote_etag(text_in(field));
    else if (name == "LastModified")
      info.modified = parse_store_time(text_in(field)).value_or(WallTime{});
  }
  if (info.key.empty() || !size) return std::nullopt;
  info.size = *size;
  return info;
}

std::string root_open(std::string_view name, std::string_view name_space) {
  constexpr std::string_view declaration = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  if (name_space.empty()) return fmt::format("{}<{}>", declaration, name);
  return fmt::format("{}<{} xmlns=\"{}\">", declaration, name, name_space);
}

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::optional<ErrorDocument> read_error(std::string_view text) {
  if (first_name(text) != "Error") return std::nullopt;  // asked of every answer, long ones too
  Document document{std::string(text)};
  pugi::xml_node root = document.root("Error");
  if (!root) return std::nullopt;
  return ErrorDocument{.code = text_of(root, "Code"),
                       .message = text_of(root, "Message"),
                       .region = text_of(root, "Region"),
                       .request_id = text_of(root, "RequestId"),
                       .server_time = parse_store_time(text_of(root, "ServerTime"))};
}

std::optional<Listing> read_listing(std::string text, Plus plus) {
  Document document(std::move(text));
  pugi::xml_node root = document.root("ListBucketResult");
  if (!root) return std::nullopt;
  Names names(root, plus);
  Listing out;
  out.truncated = is_true(root, "IsTruncated");
  out.next_marker = names.read(child(root, "NextMarker"));
  out.continuation_token = text_of(root, "NextContinuationToken");
  for (pugi::xml_node node : root.children()) {
    if (local_name(node) == "Contents") {
      auto info = read_object(node, names);
      if (!info) return std::nullopt;
      out.page.objects.push_back(std::move(*info));
    } else if (local_name(node) == "CommonPrefixes") {
      for (pugi::xml_node entry : node.children())
        if (local_name(entry) == "Prefix") out.page.prefixes.push_back(names.read(entry));
    }
  }
  if (!names.good()) return std::nullopt;
  return out;
}

std::optional<Listing> read_listing_frame(std::string_view text, Plus plus) {
  const std::string_view head = text.substr(0, longest_frame_end);
  const std::string_view tail = text.substr(text.size() - std::min(text.size(), longest_frame_end));
  const auto holds_names = [](std::string_view tag) {
    return tag.starts_with("Contents>") || tag.starts_with("CommonPrefixes>");
  };
  std::size_t begin = head.find('<');
  while (begin != std::string_view::npos && !holds_names(head.substr(begin + 1))) begin = head.find('<', begin + 1);
  std::size_t end = tail.rfind("</");
  while (end != std::string_view::npos && !holds_names(tail.substr(end + 2)))
    end = end == 0 ? std::string_view::npos : tail.rfind("</", end - 1);
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  const std::string_view behind = tail.substr(tail.find('>', end) + 1);
  auto frame = read_listing(fmt::format("{}{}", head.substr(0, begin), behind), plus);
  if (frame) frame->page = {};  // names in tags that look otherwise
  return frame;
}

std::optional<PartsPage> read_parts(std::string_view text) {
  Document document{std::string(text)};
  pugi::xml_node root = document.root("ListPartsResult");
  if (!root) return std::nullopt;
  PartsPage out;
  out.truncated = is_true(root, "IsTruncated");
  out.next_marker = number_of<std::uint32_t>(root, "NextPartNumberMarker").value_or(0);
  for (pugi::xml_node node : root.children()) {
    if (local_name(node) != "Part") continue;
    auto number = number_of<std::uint32_t>(node, "PartNumber");
    auto size = number_of<std::uint64_t>(node, "Size");
    if (!number || !size) return std::nullopt;
    out.parts.push_back(
        {*number, *size, unquote_etag(text_of(node, "ETag")), std::nullopt, text_of(node, "ChecksumCRC32C")});
  }
  return out;
}

std::optional<UploadsPage> read_uploads(std::string_view text, Plus plus) {
  Document document{std::string(text)};
  pugi::xml_node root = document.root("ListMultipartUploadsResult");
  if (!root) return std::nullopt;
  Names names(root, plus);
  UploadsPage out;
  out.truncated = is_true(root, "IsTruncated");
  out.next_key_marker = names.read(child(root, "NextKeyMarker"));
  out.next_upload_marker = text_of(root, "NextUploadIdMarker");
  for (pugi::xml_node node : root.children()) {
    if (local_name(node) != "Upload") continue;
    std::string id = text_of(node, "UploadId");
    if (id.empty()) id = text_of(node, "UploadID");
    if (id.empty()) return std::nullopt;
    auto started = parse_store_time(text_of(node, "Initiated")).value_or(WallTime{});
    out.uploads.push_back({names.read(child(node, "Key")), std::move(id), started});
  }
  if (!names.good()) return std::nullopt;
  return out;
}

std::optional<std::string> read_upload_id(std::string_view text) {
  Document document{std::string(text)};
  std::string id = text_of(document.root("InitiateMultipartUploadResult"), "UploadId");
  if (id.empty()) return std::nullopt;
  return id;
}

std::optional<Written> read_written(std::string_view text) {
  Document document{std::string(text)};
  for (std::string_view name : {"CopyObjectResult", "CopyPartResult", "CompleteMultipartUploadResult"}) {
    pugi::xml_node root = document.root(name);
    if (!root) continue;
    Written out{unquote_etag(text_of(root, "ETag")), number_of<std::uint64_t>(root, "CRC64")};
    if (out.etag.empty()) return std::nullopt;
    return out;
  }
  return std::nullopt;
}

std::optional<std::vector<DeleteFailure>> read_delete_result(std::string_view text) {
  Document document{std::string(text)};
  pugi::xml_node root = document.root("DeleteResult");
  if (!root) return std::nullopt;
  std::vector<DeleteFailure> out;
  for (pugi::xml_node node : root.children())
    if (local_name(node) == "Error")
      out.push_back({text_of(node, "Key"), text_of(node, "Code"), text_of(node, "Message")});
  return out;
}

std::string write_complete(const std::vector<PartInfo>& parts, std::string_view name_space) {
  std::string out = root_open("CompleteMultipartUpload", name_space);
  for (const PartInfo& part : parts) {
    out += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag>", part.number, escape(part.etag));
    if (!part.crc32c.empty()) out += fmt::format("<ChecksumCRC32C>{}</ChecksumCRC32C>", escape(part.crc32c));
    out += "</Part>";
  }
  return out + "</CompleteMultipartUpload>";
}

std::string write_delete(const std::vector<std::string>& keys, std::string_view name_space) {
  std::string out = root_open("Delete", name_space) + "<Quiet>true</Quiet>";
  for (const std::string& key : keys) out += fmt::format("<Object><Key>{}</Key></Object>", escape(key));
  return out + "</Delete>";
}

}  // namespace gantry::object::xml
